"""How property tests run where it is mutants that are tried, and any failure is enough."""

from hypothesis import Phase, settings

settings.register_profile(
    "mutants", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate)
)

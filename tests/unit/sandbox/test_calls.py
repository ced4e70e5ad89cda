"""What of a model's API passes the fence, and what does not."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.calls import DEFAULT_OUTPUT, MAX_NODES, Call, Refused, read_call, refusal
from bot.sandbox.uplink import Dialect

A, O, G = Dialect.ANTHROPIC, Dialect.OPENAI, Dialect.GEMINI  # noqa: E741  # short for a table
GEM = "gemini-2.5-pro"
MODEL = f"/v1beta/models/{GEM}"


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", **fields}).encode()


def told(output: int = DEFAULT_OUTPUT, model: str = "m", *, paid: bool = True) -> Call:
    return Call(model=model, output_tokens=output, paid=paid)


def refused(dialect: Dialect, path: str, **fields: Any) -> str:
    with pytest.raises(Refused) as caught:
        read_call(dialect, "POST", path, body(**fields))
    return str(caught.value)


@pytest.mark.parametrize(
    ("dialect", "path", "fields", "call"),
    [
        (A, "/v1/messages", {"max_tokens": 9}, told(9)),
        (A, "/v1/messages", {}, told()),
        (A, "/v1/messages/count_tokens", {"max_tokens": 1}, told(1, paid=False)),
        (O, "/responses", {"max_output_tokens": 7}, told(7)),
        (O, "/v1/responses", {"max_output_tokens": True}, told()),
        (O, "/chat/completions", {"max_completion_tokens": 3}, told(3)),
        (O, "/v1/chat/completions", {"max_tokens": -1}, told()),
        (G, f"{MODEL}:generateContent", {"generationConfig": {"maxOutputTokens": 5}}, told(5, GEM)),
        (G, f"{MODEL}:streamGenerateContent", {"generationConfig": 1}, told(model=GEM)),
        (G, "/v1/models/a%20b:countTokens", {}, told(model="a b", paid=False)),
    ],
)  # fmt: skip
def test_calls_of_a_model_are_read(dialect, path, fields, call):
    assert read_call(dialect, "POST", path, body(**fields)) == call


@pytest.mark.parametrize(
    ("dialect", "method", "path"),
    [
        (A, "GET", "/v1/messages"),
        (A, "POST", "/v1/messages/batches"),
        (A, "POST", "/v1/files"),
        (A, "POST", "/v1/messages/../files"),
        (A, "POST", "/responses"),
        (O, "GET", "/responses"),
        (O, "POST", "/models"),
        (O, "POST", "/v1/files"),
        (O, "POST", "/v1/v1/responses"),
        (G, "GET", f"{MODEL}:generateContent"),
        (G, "POST", f"{MODEL}:batchGenerateContent"),
        (G, "POST", "/v1beta/models/a/b:generateContent"),
        (G, "POST", "/upload/v1beta/files"),
        (O, "GET", "/v1/models/x"),
    ],
)
def test_everything_else_is_no_call(dialect, method, path):
    assert read_call(dialect, method, path, body()) is None


def test_the_list_of_models_may_be_asked_for_and_costs_nothing():
    assert read_call(O, "GET", "/v1/models", b"") == Call(model="", paid=False)


@pytest.mark.parametrize(
    "tool", ["web_search_20250305", "web_fetch_20250910", "code_execution_1", 5]
)
def test_a_tool_that_the_vendor_would_run_does_not_pass(tool):
    assert "would run at the vendor's" in refused(A, "/v1/messages", tools=[{"type": tool}])


@pytest.mark.parametrize("tool", [None, "", "custom", "bash_20250124", "text_editor_20250728"])
def test_tools_that_the_program_runs_itself_pass(tool):
    tools = [{"name": "x"} if tool is None else {"name": "x", "type": tool}]
    assert read_call(A, "POST", "/v1/messages", body(tools=tools)) is not None


@pytest.mark.parametrize(
    "tool",
    ["web_search", "web_search_preview", "file_search", "code_interpreter", "image_generation",
     "mcp", "computer_use_preview", None],
)  # fmt: skip
def test_nor_does_one_of_openai(tool):
    assert "would run" in refused(O, "/responses", tools=[{"type": tool}])
    bundle: dict[str, Any] = {"type": "namespace", "tools": [{"type": "function"}, {"type": tool}]}
    assert "would run" in refused(O, "/responses", tools=[bundle])
    assert "would run" in refused(O, "/responses", tools=[{"type": "namespace"}])


def test_what_openais_programs_run_themselves_passes():
    kinds = ("function", "custom", "local_shell", "shell", "apply_patch", "tool_search")
    tools: list[dict[str, Any]] = [{"type": kind} for kind in kinds]
    tools.append({"type": "namespace", "tools": [{"type": "function"}]})
    assert read_call(O, "POST", "/responses", body(tools=tools)) is not None


@pytest.mark.parametrize("tool", ["googleSearch", "urlContext", "codeExecution", "google_maps"])
def test_nor_does_one_of_gemini(tool):
    path = f"{MODEL}:generateContent"
    assert tool in refused(G, path, tools=[{"functionDeclarations": [], tool: {}}])
    inner: dict[str, Any] = {"generateContentRequest": {"tools": [{tool: {}}]}}
    assert tool in refused(G, f"{MODEL}:countTokens", **inner)
    good = body(tools=[{"functionDeclarations": []}])
    assert read_call(G, "POST", path, good) is not None


@pytest.mark.parametrize(
    ("dialect", "path", "name"),
    [
        (A, "/v1/messages", "mcp_servers"),
        (A, "/v1/messages", "container"),
        (O, "/responses", "background"),
        (O, "/responses", "conversation"),
        (G, f"{MODEL}:generateContent", "cachedContent"),
    ],
)
def test_what_leads_elsewhere_does_not_pass(dialect, path, name):
    assert name in refused(dialect, path, **{name: ["x"]})


@pytest.mark.parametrize(
    ("dialect", "path", "name"),
    [
        (A, "/v1/messages", "url"),
        (O, "/responses", "image_url"),
        (O, "/responses", "file_url"),
        (G, f"{MODEL}:generateContent", "fileUri"),
    ],
)
@pytest.mark.parametrize("address", ["https://evil.example/?q=secret", " HTTP://x", "gs://b/o"])
def test_no_address_is_fetched_for_the_process(dialect, path, name, address):
    hidden = {"messages": [{"content": [{"source": {"type": "x", name: address}}]}]}
    assert "fetch" in refused(dialect, path, **hidden)


def test_pictures_in_the_request_and_addresses_in_what_tools_were_called_with_pass():
    picture = {"image_url": "data:image/png;base64,AAAA"}
    called = {"type": "tool_use", "input": {"url": "https://example.com"}}
    gemini = {"functionCall": {"args": {"uri": "https://example.com"}}}
    for value in (picture, called, gemini, {"text": "see https://example.com"}):
        assert read_call(A, "POST", "/v1/messages", body(messages=[value])) is not None


@pytest.mark.parametrize("content", [b"", b"[]", b"nonsense", b"\xff", b"[" * 100_000,
    # Read as UTF-16 these would be objects; read by another parser, who knows.
    '{"model": "m"}'.encode("utf-16-le"), '{"model": "m"}'.encode("utf-16"),
])  # fmt: skip
def test_what_is_no_object_does_not_pass(content):
    with pytest.raises(Refused):
        read_call(A, "POST", "/v1/messages", content)


def test_of_a_name_given_twice_nobody_knows_which_one_counts():
    twice = b'{"model": "m", "tools": [{"type": "web_search_20250305"}], "tools": []}'
    with pytest.raises(Refused, match="gives a name twice"):
        read_call(A, "POST", "/v1/messages", twice)


@pytest.mark.parametrize("model", ["", None, 3, "x" * 300, "a\nb", "../x", "/x"])
def test_a_model_has_a_name(model):
    assert "names no model" in refused(A, "/v1/messages", model=model)


@pytest.mark.parametrize("tools", ["x", {}, [1]])
def test_tools_are_a_list_of_objects(tools):
    assert "not a list" in refused(A, "/v1/messages", tools=tools)


def test_depth_is_no_matter_and_size_is_bounded():
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert read_call(A, "POST", "/v1/messages", body(messages=deep)) is not None
    assert "too many" in refused(A, "/v1/messages", messages=[0] * (MAX_NODES + 1))


@given(st.sampled_from(Dialect), st.sampled_from(["GET", "POST"]), st.text(), st.binary())
def test_nothing_breaks_it(dialect, method, path, content):
    read_or_refuse(dialect, method, f"/{path}", content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["model", "tools", "type", "url", "messages", "generationConfig", "x"]),
        inner, max_size=4,
    ),
)  # fmt: skip


@given(st.sampled_from(Dialect), JSON)
def test_no_json_breaks_it(dialect, value):
    paths = {A: "/v1/messages", O: "/responses", G: f"{MODEL}:generateContent"}
    read_or_refuse(dialect, "POST", paths[dialect], json.dumps(value).encode())


def read_or_refuse(dialect: Dialect, method: str, path: str, content: bytes) -> None:
    """Whatever else it raised would be a crash."""
    with contextlib.suppress(Refused):
        call = read_call(dialect, method, path, content)
        assert call is None or call.output_tokens >= 0


@pytest.mark.parametrize("dialect", Dialect)
def test_a_refusal_is_in_the_vendors_own_shape(dialect):
    error = refusal(dialect, "over budget: no more")["error"]
    assert error["message"] == "over budget: no more"
    assert {"type", "code", "status"} & set(error)


@pytest.mark.parametrize(
    "more",
    [
        {"web_search_options": {}},
        {"model": "gpt-4o-search-preview"},
        {"model": "o4-mini-deep-research"},
        {"previous_response_id": "resp_1"},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "x"}]},
        {"input": [{"type": "input_file", "file_id": "file-1"}]},
        {"input": [{"type": "tool_search_output", "tools": [{"type": "web_search"}]}]},
        {"input": [{"type": "function_call", "image_url": "https://example.com"}]},
        {"service_tier": "priority"},
        {"n": 128},
        {"n": 0},
    ],
)
def test_what_would_search_reach_what_is_stored_or_cost_more_does_not_pass(more):
    with pytest.raises(Refused):
        read_call(O, "POST", "/v1/responses", body(**more))


def test_only_what_a_tool_was_called_with_is_the_agents_own():
    call = {"type": "tool_use", "input": {"url": "https://example.com"}}
    assert read_call(A, "POST", "/v1/messages", body(messages=[call])) is not None
    hidden = {"type": "tool_use", "image": {"source": {"url": "https://example.com"}}}
    with pytest.raises(Refused, match="fetch an address"):
        read_call(A, "POST", "/v1/messages", body(messages=[hidden]))
    nested = {"role": "user", "tools": [{"type": "web_search_20250305"}]}
    with pytest.raises(Refused, match="none are expected"):
        read_call(A, "POST", "/v1/messages", body(messages=[nested]))


@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [
        ("/v1/responses", {"max_output_tokens": 1, "max_tokens": 16_000}, 16_000),
        ("/v1/chat/completions", {"max_tokens": 100, "n": 3}, 300),
        ("/v1/responses", {}, DEFAULT_OUTPUT),
    ],
)
def test_the_most_that_an_answer_may_cost_is_not_reckoned_too_low(path, fields, most):
    call = read_call(O, "POST", path, body(**fields))
    assert call is not None
    assert call.output_tokens == most


def test_gemini_may_spell_its_limits_in_two_ways():
    path = "/v1beta/models/m:generateContent"
    config = {"max_output_tokens": 50, "candidateCount": 2}
    content = json.dumps({"contents": [], "generation_config": config}).encode()
    call = read_call(G, "POST", path, content)
    assert call is not None
    assert call.output_tokens == 100


def test_many_small_parts_are_refused_before_they_are_read():
    content = b'{"model": "m", "messages": [' + b"{}," * 1_000_000 + b"{}]}"
    with pytest.raises(Refused, match="too many parts"):
        read_call(A, "POST", "/v1/messages", content)

"""Mirrors, trees and diffs; the only place that starts git."""

using Bench.Workloads;

namespace Bench.Compare;

/// <summary>One line of the comparison.</summary>
internal sealed record SuiteRow(string Name, LoadOptions Options);

namespace Bench.Compare;

/// <summary>A part of the comparison: the loads that run, in this order, on the same pair of deployments.</summary>
/// <param name="Title">Heading in the report.</param>
/// <param name="Members">Members of each deployment.</param>
/// <param name="Cold">Fresh members from their first answered put on.</param>
/// <param name="WarmingUp">What follows: the servers warm up here, and the row shows how far they have come.</param>
/// <param name="Rows">The warm rows.</param>
internal sealed record Section(string Title, int Members, SuiteRow Cold, SuiteRow WarmingUp, IReadOnlyList<SuiteRow> Rows)
{
    /// <summary>The same with only those warm rows whose name contains a text.</summary>
    public Section Only(string partOfName) =>
        this with { Rows = [.. Rows.Where(r => r.Name.Contains(partOfName, StringComparison.OrdinalIgnoreCase))] };
}

namespace Conformance.Harness;

/// <summary>The scenarios of one test class, found by name so that xunit can list and filter them.</summary>
internal sealed class ScenarioSet<TSession>(params IEnumerable<Scenario<TSession>>[] parts)
{
    private readonly Dictionary<string, Scenario<TSession>> _byName = parts.SelectMany(p => p).ToDictionary(s => s.Name);

    public int Count => _byName.Count;

    public IEnumerable<string> Names => _byName.Keys;

    public Scenario<TSession> this[string name] => _byName[name];

    public TheoryData<string> AsTheory() => [.. _byName.Keys];
}

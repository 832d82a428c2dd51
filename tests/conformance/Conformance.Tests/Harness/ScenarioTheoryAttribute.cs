namespace Conformance.Harness;

/// <summary>
/// A theory over scenarios that is skipped, naming what is missing, on a machine without the real etcd it needs.
/// Continuous integration has no excuse: there the tests run, and fail.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class ScenarioTheoryAttribute : TheoryAttribute
{
    private protected ScenarioTheoryAttribute(params (string Release, string Program)[] needs)
    {
        if (!Settings.IsContinuousIntegration)
            Skip = Peers.Missing(needs)!;
    }
}

/// <summary>Scenarios compared with etcd 3.5.</summary>
public sealed class V3ScenarioTheoryAttribute : ScenarioTheoryAttribute
{
    public V3ScenarioTheoryAttribute()
        : base(("3.5", "etcd"), ("3.5", "etcdctl"))
    {
    }
}

/// <summary>Scenarios of etcdctl's v2 commands, compared with etcd 3.4.</summary>
public sealed class V2CtlScenarioTheoryAttribute : ScenarioTheoryAttribute
{
    public V2CtlScenarioTheoryAttribute()
        : base(("3.4", "etcd"), ("3.4", "etcdctl"))
    {
    }
}

/// <summary>Scenarios compared with etcd 3.4, which serves v2.</summary>
public sealed class V2ScenarioTheoryAttribute : ScenarioTheoryAttribute
{
    public V2ScenarioTheoryAttribute()
        : base(("3.4", "etcd"))
    {
    }
}

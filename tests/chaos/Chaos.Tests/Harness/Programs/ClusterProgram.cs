using Chaos.Tests.Harness.Network;

namespace Chaos.Tests.Harness.Programs;

/// <summary>A way to run a member of a cluster.</summary>
public abstract class ClusterProgram
{
    /// <summary>The one that <see cref="Settings.Target"/> names.</summary>
    public static ClusterProgram Chosen => Settings.Target switch
    {
        "ours" => new StandaloneProgram(),
        "split" => new SplitProgram(),
        "etcd" => new EtcdProgram(),
        var other => throw new InvalidOperationException($"CHAOS_TARGET is {other}, not ours, split or etcd"),
    };

    /// <summary>How long a follower waits for its leader; the default of all programs here.</summary>
    public static TimeSpan ElectionTimeout { get; } = TimeSpan.FromSeconds(1);

    public abstract string Label { get; }

    /// <summary>No client that talks to a surviving member sees an error when the leader goes away.</summary>
    public abstract bool HidesFailover { get; }

    /// <summary>All processes of a member.</summary>
    public abstract IReadOnlyList<ProcessLaunch> ProcessesOf(MemberLaunch member);

    /// <summary>Processes of no member, beside them.</summary>
    public virtual IReadOnlyList<ProcessLaunch> ProcessesBeside(IReadOnlyList<MemberLaunch> members) => [];

    /// <summary>Proxies between services, whose network is the program's; none where services share a process.</summary>
    internal virtual IReadOnlyList<PeerProxy> Proxies => [];

    /// <summary>etcd's own flags for it.</summary>
    protected static IEnumerable<string> Flags(MemberLaunch member) =>
    [
        "--name", member.Name, "--data-dir", member.DataFolder,
        "--listen-client-urls", member.ClientUrl, "--advertise-client-urls", member.ClientUrl,
        "--listen-peer-urls", member.ListenPeerUrl, "--initial-advertise-peer-urls", member.AdvertisePeerUrl,
        "--initial-cluster", member.InitialCluster, "--initial-cluster-state", "new", "--initial-cluster-token", "chaos",
    ];

    /// <summary>The variables, and none of etcd's own that the tests' process happens to have.</summary>
    protected static Dictionary<string, string?> Environment(MemberLaunch member)
    {
        var variables = System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("ETCD", StringComparison.Ordinal)).ToDictionary(name => name, _ => (string?)null);
        foreach (var (name, value) in member.Environment)
            variables[name] = value;
        return variables;
    }
}

/// <summary>etcd itself: shows that the harness does what it says, and that the tests ask for what etcd does.</summary>
public sealed class EtcdProgram : ClusterProgram
{
    public override string Label => "etcd";

    // etcd answers "leader changed" or "request timed out".
    public override bool HidesFailover => false;

    public override IReadOnlyList<ProcessLaunch> ProcessesOf(MemberLaunch member) =>
        [new("etcd", Toolbox.Etcd, [.. Flags(member), "--log-level", "warn"], Environment(member))];
}

/// <summary>All five services in one process for each member.</summary>
public sealed class StandaloneProgram : ClusterProgram
{
    public override string Label => "standalone";

    public override bool HidesFailover => true;

    public override IReadOnlyList<ProcessLaunch> ProcessesOf(MemberLaunch member) =>
        [new("standalone", "dotnet", [Repository.Assembly("Standalone"), .. Flags(member)], Environment(member))];
}

using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>What the cluster scenarios run on.</summary>
internal static class ClusterSettings
{
    // The one switch: "etcd" compares real etcd with itself, which proves scenarios and normalisers; "ours" compares it with ours.
    private const string DefaultTarget = "ours";

    /// <summary><c>CONFORMANCE_CLUSTER_TARGET</c>: <c>etcd</c>, or <c>ours</c> (then <c>CONFORMANCE_TARGET</c> may still name a program).</summary>
    private static string Target => Environment.GetEnvironmentVariable("CONFORMANCE_CLUSTER_TARGET") is { Length: > 0 } value ? value : DefaultTarget;

    public static ServerProgram Candidate(Func<ServerProgram> etcd) =>
        Target == "etcd" ? etcd() with { Label = "etcd again" } : ServerProgram.Candidate(etcd);
}

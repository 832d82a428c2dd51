using Conformance.Cluster;
using Conformance.ErrorTable;
using Conformance.Etcdctl;
using Conformance.EtcdctlV2;
using Conformance.Json;
using Conformance.V2;
using Conformance.V3;
using Xunit.Abstractions;

namespace Conformance;

/// <summary>Goal: scenarios are never lost unnoticed. Method: count them by kind; a smaller number is a failure.</summary>
public sealed class ScenarioCountTests(ITestOutputHelper output)
{
    [Fact]
    public void Scenarios_OfEachKind_AreAtLeastAsManyAsBefore()
    {
        var etcdctl = EtcdctlKvTests.Set.Count + EtcdctlClusterTests.Set.Count + EtcdctlMaintenanceTests.Set.Count + EtcdctlLoadTests.Set.Count + EtcdctlAuthTests.Set.Count
            + MirrorTests.ScenarioNames.Count();
        var etcdctl2 = V2CtlKeysTests.Set.Count + V2CtlAdminTests.Set.Count;
        var grpc = GrpcKvTests.Set.Count + GrpcStreamTests.Set.Count + GrpcProgressTests.Set.Count + GrpcRandomTests.Set.Count
            + GrpcAuthTests.Set.Count + JwtTests.Set.Count + GrpcContendingTests.Set.Count + ErrorTableTests.Set.Count + ErrorsWithoutQuorumTests.Set.Count + AuthErrorsTests.Set.Count;
        var json = JsonTests.Set.Count + JsonFormTests.Set.Count;
        var v2 = V2KeysTests.Set.Count + V2WatchTests.Set.Count + V2RandomTests.Set.Count + V2AuthTests.Set.Count + HttpTests.Set.Count;
        var cluster = ClusterMembershipTests.Set.Count + ClusterStartupTests.Set.Count + ClusterV2Tests.Set.Count + ClusterWatchTests.Set.Count
            + ClusterDiscoveryTests.Set.Count;
        output.WriteLine($"etcdctl {etcdctl}, etcdctl of v2 {etcdctl2}, gRPC {grpc}, JSON {json}, v2 and HTTP {v2}, clusters {cluster}, together {etcdctl + etcdctl2 + grpc + json + v2 + cluster}");
        Assert.True(etcdctl >= 158, $"etcdctl scenarios: {etcdctl}");
        Assert.True(etcdctl2 >= 41, $"etcdctl scenarios of v2: {etcdctl2}");
        Assert.True(grpc >= 245, $"gRPC scenarios: {grpc}");
        Assert.True(json >= 35, $"JSON scenarios: {json}");
        Assert.True(v2 >= 159, $"v2 and HTTP scenarios: {v2}");
        Assert.True(cluster >= 29, $"cluster scenarios: {cluster}");
    }

    [Fact]
    public void Scenarios_OfAllKinds_HaveDifferentNames()
    {
        string[] names =
        [
            .. EtcdctlKvTests.Set.Names, .. EtcdctlClusterTests.Set.Names, .. EtcdctlMaintenanceTests.Set.Names, .. EtcdctlLoadTests.Set.Names, .. MirrorTests.ScenarioNames,
            .. GrpcKvTests.Set.Names, .. GrpcStreamTests.Set.Names, .. GrpcProgressTests.Set.Names, .. GrpcRandomTests.Set.Names, .. GrpcAuthTests.Set.Names, .. JwtTests.Set.Names, .. EtcdctlAuthTests.Set.Names,
            .. GrpcContendingTests.Set.Names, .. ErrorTableTests.Set.Names, .. ErrorsWithoutQuorumTests.Set.Names, .. AuthErrorsTests.Set.Names, .. JsonTests.Set.Names, .. JsonFormTests.Set.Names,
            .. V2KeysTests.Set.Names, .. V2WatchTests.Set.Names, .. V2RandomTests.Set.Names, .. V2AuthTests.Set.Names, .. V2CtlKeysTests.Set.Names, .. V2CtlAdminTests.Set.Names, .. HttpTests.Set.Names,
            .. ClusterMembershipTests.Set.Names, .. ClusterStartupTests.Set.Names, .. ClusterV2Tests.Set.Names, .. ClusterWatchTests.Set.Names, .. ClusterDiscoveryTests.Set.Names,
        ];
        Assert.Equal(names.Length, names.Distinct().Count());
    }
}

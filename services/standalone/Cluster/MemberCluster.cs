using System.Collections.Concurrent;
using Consensus.Host.Service;
using Grpc.Net.Client;
using Hosting.Clients;
using Hosting.Tls;
using LeaseManager.Client;
using LeaseManager.Client.Routing;
using LeaseManager.Contracts;
using LeaseManager.Host.Leadership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Storage.Client;
using Storage.Contracts;
using Storage.Host;
using Storage.Host.Checks;
using Storage.Host.Snapshots;

namespace Standalone.Cluster;

/// <summary>
/// What the services of one member need to know of the others: who leads, and where the others' storage and lease managers are. All of that is at
/// the members' peer URLs. Thread-safe.
/// </summary>
internal sealed class MemberCluster : ILeadership, IReplicaPeers, IReplicaMember
{
    private readonly ConsensusService _consensus;
    private readonly Lazy<IStorage> _storage;
    private readonly ConcurrentDictionary<string, IStorage> _replicas = new();
    private readonly ClientTls? _tls;

    public MemberCluster(ConsensusService consensus, IServiceProvider services, TimeProvider time, ILogger<PeerSnapshots> logger)
    {
        (_consensus, _tls) = (consensus, services.GetService<ClientTls>());
        // Storage itself needs the snapshots of this object.
        _storage = new Lazy<IStorage>(services.GetRequiredService<IStorage>);
        Snapshots = new PeerSnapshots(_ => new(OtherReplicas()), new StorageOptions(), time, logger);
    }

    /// <summary>The state, from another member.</summary>
    public ISnapshotSource Snapshots { get; }

    public bool IsLeader => _consensus.IsLeader;

    public ulong MemberId => _consensus.Self.Value;

    public ValueTask<IReadOnlyList<IStorage>> FindOthersAsync(CancellationToken cancellation) => new(OtherReplicas());

    /// <summary>As in etcd, the leader compares.</summary>
    public bool IsReference => _consensus.IsLeader;

    public async Task WaitForChangeAsync(bool known, CancellationToken cancellation)
    {
        while (true)
        {
            var changed = _consensus.StatusChanged;
            if (IsLeader != known)
                return;
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Completes once the cluster knows this member and this member's storage holds what the cluster knew then.</summary>
    public async Task ReadyAsync(CancellationToken cancellation)
    {
        var known = await _consensus.Published.WaitAsync(cancellation).ConfigureAwait(false);
        // Any read that waits for the index does.
        await _storage.Value.LeaseKeysAsync(0, known, cancellation).ConfigureAwait(false);
    }

    /// <summary>The lease manager of whichever member leads; <paramref name="own"/> is this member's.</summary>
    public ILeaseManager RouteLeases(ILeaseManager own) => new RoutedLeaseManager(
        own, _ => new(FindLeases()), url => new LeaseManagerClient(ChannelTo(url)));

    private LeaseRoute FindLeases()
    {
        if (IsLeader)
            return LeaseRoute.Local;
        var status = _consensus.Status;
        var leader = status.Members.FirstOrDefault(member => member.Id == status.Leader);
        return leader is { PeerUrls.Count: > 0 } ? LeaseRoute.At(leader.PeerUrls[0]) : LeaseRoute.Unknown;
    }

    private GrpcChannel ChannelTo(string url) => ChannelFactory.CreateForPeer(url, _tls, cluster: _consensus.Cluster.ToString());

    private List<IStorage> OtherReplicas() =>
    [
        .. _consensus.Status.Members
            .Where(member => member.Id != _consensus.Self && member.PeerUrls.Count > 0)
            .Select(member => _replicas.GetOrAdd(member.PeerUrls[0], url => new StorageClient(ChannelTo(url)))),
    ];
}

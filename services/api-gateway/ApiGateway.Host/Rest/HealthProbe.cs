using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Rest;

/// <summary>The single questions that health is made of. An answer is what is wrong, "" when nothing is.</summary>
internal sealed class HealthProbe(IStorage storage, ReadBarrier barrier, ClusterView cluster)
{
    private static readonly byte[] s_probe = new RangeRequest { Key = ByteString.CopyFromUtf8("health"), Limit = 1 }.ToByteArray();

    /// <summary>Can a key be read from this member's replica as it is?</summary>
    public Task<string> SerializableReadAsync(CancellationToken cancellation) => ReadAsync(isLocal: true, cancellation);

    /// <summary>Can a key be read as of now?</summary>
    public Task<string> LinearizableReadAsync(CancellationToken cancellation) => ReadAsync(isLocal: false, cancellation);

    /// <summary>Does this member vote?</summary>
    public async Task<string> NonLearnerAsync(CancellationToken cancellation)
    {
        var view = await cluster.RefreshAsync(cancellation).ConfigureAwait(false);
        return view.Status.IsLearner ? "not supported for learner" : "";
    }

    /// <summary>Has no replica been found to differ?</summary>
    public async Task<string> DataCorruptionAsync(CancellationToken cancellation) =>
        (await AlarmsAsync(cancellation).ConfigureAwait(false)).Any(static alarm => alarm == AlarmType.Corrupt) ? "alarm activated: CORRUPT" : "";

    /// <summary>The kinds of the alarms that are raised, each as often as members raised it.</summary>
    public async Task<IEnumerable<AlarmType>> AlarmsAsync(CancellationToken cancellation)
    {
        var state = await barrier.BoundedAsync(storage.GetStatusAsync(cancellation), EtcdError.Timeout).ConfigureAwait(false);
        return state.Alarms.Select(static alarm => (AlarmType)alarm.AlarmType);
    }

    /// <summary>Does this member know a leader?</summary>
    public async Task<bool> HasLeaderAsync(CancellationToken cancellation) =>
        (await cluster.RefreshAsync(cancellation).ConfigureAwait(false)).Status.Leader.Value != 0;

    private async Task<string> ReadAsync(bool isLocal, CancellationToken cancellation)
    {
        try
        {
            var minApplied = isLocal ? default : await barrier.ReadIndexAsync().ConfigureAwait(false);
            var reading = storage.RangeAsync(s_probe, minApplied, Caller.Internal, cancellation);
            var read = await barrier.BoundedAsync(reading, EtcdError.TimeoutWaitingForApply).ConfigureAwait(false);
            return read.Error == StorageError.None ? "" : EtcdErrors.Status(EtcdErrors.Of(read.Error)).Message;
        }
        catch (RequestFailedException exception)
        {
            return exception.Status.Detail;
        }
    }
}

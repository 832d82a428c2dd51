using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Chaos.Tests.Workload.Watching;

/// <summary>Writes revisions of several keys, by turns a transaction that puts them all and a delete of half of them.</summary>
internal sealed class GroupWriter : IAsyncDisposable
{
    public const string Prefix = "group/";
    private const int Keys = 8;

    private readonly CancellationTokenSource _stop = new();
    private readonly string _prefix;
    private readonly Task _work;

    /// <param name="endpoint">Where.</param>
    /// <param name="requestLimit">Of each write.</param>
    /// <param name="prefix">Of its keys: one of its own in a store that other groups are written to.</param>
    public GroupWriter(Uri endpoint, TimeSpan requestLimit, string prefix = Prefix)
    {
        _prefix = prefix;
        _work = WorkAsync(endpoint, requestLimit);
    }

    /// <summary>Of the last write that was acknowledged.</summary>
    public long Revision { get; private set; }

    public List<Status> Errors { get; } = [];

    /// <summary>Lets it finish its request.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // StopAsync has told.
        _stop.Dispose();
    }

    private ByteString Key(int number) => ByteString.CopyFromUtf8($"{_prefix}{number}");

    private async Task WorkAsync(Uri endpoint, TimeSpan requestLimit)
    {
        using var channel = EtcdCalls.Connect(endpoint);
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            try
            {
                Revision = n % 2 == 0 ? await PutAllAsync(n) : await DeleteHalfAsync();
            }
            catch (RpcException error)
            {
                Errors.Add(error.Status);
            }
            // The load, not a wait for anything.
            await Task.Delay(60, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<long> PutAllAsync(int value)
        {
            var txn = new TxnRequest();
            for (var key = 0; key < Keys; key++)
                txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = Key(key), Value = ByteString.CopyFromUtf8($"{value}") } });
            return (await EtcdCalls.TxnAsync(channel, txn, requestLimit)).Header.Revision;
        }

        async Task<long> DeleteHalfAsync() => (await EtcdCalls.DeleteAsync(
            channel, new DeleteRangeRequest { Key = Key(0), RangeEnd = Key(Keys / 2) }, requestLimit)).Header.Revision;
    }
}

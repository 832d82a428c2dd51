using System.Diagnostics;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Core;
using Linearizability.History;
using Linearizability.Keys;

namespace Chaos.Tests.Workload;

/// <summary>
/// A client with a connection of its own that records each request and what came of it. Every request asks what the key was before:
/// the more answers tell, the less the checker must guess.
/// </summary>
/// <remarks>Not thread-safe: one request at a time. <see cref="History"/> is read when the client has stopped.</remarks>
public sealed class KvClient(int number, IEtcdConnection connection, TimeSpan requestLimit, int paddingBytes = 0) : IDisposable
{
    private readonly string _padding = paddingBytes == 0 ? "" : " " + new string('.', paddingBytes - 1);

    public int Number => number;

    public List<Operation<KeyRequest, KeyAnswer>> History { get; } = [];

    /// <summary>Each error, and when it came.</summary>
    public List<(long Time, RpcException Error)> Errors { get; } = [];

    /// <summary>Sends the request; null when no answer came.</summary>
    public async Task<KeyAnswer?> DoAsync(KeyRequest request)
    {
        var call = Stopwatch.GetTimestamp();
        try
        {
            var answer = await SendAsync(request);
            History.Add(Operation.Decided(number, request, answer, call, Stopwatch.GetTimestamp()));
            return answer;
        }
        catch (RpcException error)
        {
            Errors.Add((Stopwatch.GetTimestamp(), error));
            if (request.MayWrite && Outcomes.Of(error) == Outcome.Unknown)
                History.Add(Operation.Undecided<KeyRequest, KeyAnswer>(number, request, call));
            return null;
        }
    }

    public void Dispose() => connection.Dispose();

    private Task<KeyAnswer> SendAsync(KeyRequest request) => request.Kind switch
    {
        RequestKind.Get => GetAsync(request),
        RequestKind.Put => PutAsync(request),
        RequestKind.Delete => DeleteAsync(request),
        RequestKind.Swap => TxnAsync(request, null),
        RequestKind.PutIfValue => TxnAsync(request, new Compare
        {
            Key = Key(request), Target = Compare.Types.CompareTarget.Value, Value = Padded(request.ExpectedValue!),
        }),
        RequestKind.PutIfModRevision => TxnAsync(request, new Compare
        {
            Key = Key(request), Target = Compare.Types.CompareTarget.Mod, ModRevision = request.ExpectedModRevision,
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(request)),
    };

    private async Task<KeyAnswer> GetAsync(KeyRequest request)
    {
        var answer = await connection.CallAsync(channel => EtcdCalls.RangeAsync(channel, new RangeRequest { Key = Key(request) }, requestLimit), changesNothing: true);
        return new(answer.Header.Revision, false, true, Record(answer.Kvs.SingleOrDefault()));
    }

    private async Task<KeyAnswer> PutAsync(KeyRequest request)
    {
        var put = new PutRequest { Key = Key(request), Value = Padded(request.Value!), PrevKv = true };
        var answer = await connection.CallAsync(channel => EtcdCalls.PutAsync(channel, put, requestLimit), changesNothing: false);
        return new(answer.Header.Revision, true, true, Record(answer.PrevKv));
    }

    private async Task<KeyAnswer> DeleteAsync(KeyRequest request)
    {
        var delete = new DeleteRangeRequest { Key = Key(request), PrevKv = true };
        var answer = await connection.CallAsync(channel => EtcdCalls.DeleteAsync(channel, delete, requestLimit), changesNothing: false);
        return new(answer.Header.Revision, answer.Deleted > 0, true, Record(answer.PrevKvs.SingleOrDefault()));
    }

    // Reads first, then puts when the condition holds: the read tells what was, whichever way it goes.
    private async Task<KeyAnswer> TxnAsync(KeyRequest request, Compare? condition)
    {
        var read = new RequestOp { RequestRange = new RangeRequest { Key = Key(request) } };
        var txn = new TxnRequest
        {
            Success = { read, new RequestOp { RequestPut = new PutRequest { Key = Key(request), Value = Padded(request.Value!) } } },
            Failure = { read },
        };
        if (condition is not null)
            txn.Compare.Add(condition);
        var answer = await connection.CallAsync(channel => EtcdCalls.TxnAsync(channel, txn, requestLimit), changesNothing: false);
        return new(answer.Header.Revision, answer.Succeeded, true, Record(answer.Responses[0].ResponseRange.Kvs.SingleOrDefault()));
    }

    private static ByteString Key(KeyRequest request) => ByteString.CopyFromUtf8(request.Key);

    // The history holds values without the padding that fills disks.
    private ByteString Padded(string value) => ByteString.CopyFromUtf8(value + _padding);

    private static KeyRecord? Record(KeyValue? kv)
    {
        if (kv is null)
            return null;
        var bytes = kv.Value.Span;
        var end = bytes.IndexOf((byte)' ');
        return new(System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]), kv.CreateRevision, kv.ModRevision, kv.Version);
    }
}

using System.Threading.Channels;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Headers;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Wire;
using Grpc.Core;

namespace ApiGateway.Host.Leases;

/// <summary>
/// One keep-alive stream: every request gets one answer, in order, and the next request does not wait for it. Requests beyond
/// <see cref="MaxInFlight"/> unanswered ones wait in the connection.
/// </summary>
internal sealed class KeepAliveCall(
    LeaseCalls leases, LeaseAccess access, ReadBarrier barrier, ClusterView cluster, ResponseHeaderWriter header, IAsyncStreamReader<byte[]> requests,
    IServerStreamWriter<Reply> replies)
{
    private const int MaxInFlight = 256;

    private readonly Channel<Task<Reply>> _answers = Channel.CreateBounded<Task<Reply>>(
        new BoundedChannelOptions(MaxInFlight) { SingleReader = true, SingleWriter = true });

    // Answers queued and not yet written. Zero: the writer is idle, and the reader may write an answer that it has at once.
    private int _queued;

    public async Task RunAsync(CancellationToken callEnds)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        var writing = WriteAsync(ending.Token);
        var reading = ReadAsync(ending.Token);
        try
        {
            await (await Task.WhenAny(writing, reading).ConfigureAwait(false)).ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(CancellationToken ending)
    {
        while (await requests.MoveNext(ending).ConfigureAwait(false))
        {
            var answer = AnswerAsync(ReadId(requests.Current), ending);
            if (answer.IsCompletedSuccessfully && Volatile.Read(ref _queued) == 0)
            {
                await replies.WriteAsync(answer.Result, ending).ConfigureAwait(false);
                continue;
            }
            Interlocked.Increment(ref _queued);
            await _answers.Writer.WriteAsync(answer.AsTask(), ending).ConfigureAwait(false);
        }
        _answers.Writer.Complete();
    }

    private async Task WriteAsync(CancellationToken ending)
    {
        await foreach (var answer in _answers.Reader.ReadAllAsync(ending).ConfigureAwait(false))
        {
            await replies.WriteAsync(await answer.ConfigureAwait(false), ending).ConfigureAwait(false);
            Interlocked.Decrement(ref _queued);
        }
    }

    private async ValueTask<Reply> AnswerAsync(long id, CancellationToken ending)
    {
        await access.RequireAsync(id, ending).ConfigureAwait(false);
        var result = await leases.KeepAliveAsync(id, cluster.SeenIndex, ending).ConfigureAwait(false);
        if (result.TtlSeconds == 0)
        {
            // Another gateway may have granted it a moment ago: only what the log says now is an answer that ends a lease.
            var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
            result = await leases.KeepAliveAsync(id, index, ending).ConfigureAwait(false);
        }
        return new Reply(header, result.Revision, result.Term.Value, Body(id, result.TtlSeconds));
    }

    private static long ReadId(byte[] request)
    {
        var id = 0L;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                id = unchecked((long)reader.Varint);
        }
        return reader.Malformed ? throw new RequestFailedException(EtcdError.Undecodable) : id;
    }

    /// <summary>LeaseKeepAliveResponse without its header: ID 2, TTL 3.</summary>
    private static byte[] Body(long id, long ttlSeconds)
    {
        var body = new byte[ProtoWriter.Int64Size(2, id) + ProtoWriter.Int64Size(3, ttlSeconds)];
        var writer = new ProtoWriter(body);
        writer.Int64(2, id);
        writer.Int64(3, ttlSeconds);
        return body;
    }
}

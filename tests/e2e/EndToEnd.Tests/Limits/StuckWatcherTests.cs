using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EndToEnd.Tests.Limits;

/// <summary>
/// Goal: clients that watch and take nothing cost the server little, whatever is written; nobody else waits for them, and once they read they get everything, in order.
/// Method: streams that are not read while megabytes are written to what they watch, a server whose heap is limited, its resident memory, and a watcher beside them that reads.
/// </summary>
public sealed class StuckWatcherTests
{
    private const int Streams = 12, Keys = 16, Puts = 800, ValueBytes = 32 * 1024;

    // Over what it takes when everybody reads. What is written, once for each stream, would be 315 MB.
    private const double MaxGrowthBytes = 100e6;

    // Of all that the collector manages, garbage included: else what is resident tells of the collector's leisure (35 to 105 MB), not of what is kept.
    private const string HeapLimit = "A000000";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly Method<WatchRequest, WatchResponse> s_watch = new(
        MethodType.DuplexStreaming, "etcdserverpb.Watch", "Watch", Marshallers.Create(static request => request.ToByteArray(), WatchRequest.Parser.ParseFrom),
        Marshallers.Create(static response => response.ToByteArray(), WatchResponse.Parser.ParseFrom));

    [Fact]
    public async Task WatchersThatReadNothing_TakeBoundedMemory_AndGetEverythingOnceTheyRead()
    {
        await using var server = new StandaloneDeployment();
        server.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit;
        await server.StartAsync();
        using var limit = new CancellationTokenSource(s_patience);
        using var client = new V3Client(server.Client);
        using var stuckConnection = Connect(server.Client);
        using var readersConnection = Connect(server.Client);
        var stuck = new List<AsyncDuplexStreamingCall<WatchRequest, WatchResponse>>();
        try
        {
            using var reader = await WatchAsync(readersConnection, limit.Token);
            var reading = RevisionsAsync(reader, limit.Token);
            await WriteAsync(client, limit.Token);
            await reading;
            for (var n = 0; n < Streams; n++)
                stuck.Add(await WatchAsync(stuckConnection, limit.Token));
            var before = await ServerMemory.ReadAsync(server.Client);

            reading = RevisionsAsync(reader, limit.Token);
            await WriteAsync(client, limit.Token);
            var heard = await reading;
            var growth = await ServerMemory.ReadAsync(server.Client) - before;

            Assert.InRange(growth, double.NegativeInfinity, MaxGrowthBytes);
            Assert.Equal(heard.Order(), heard);
            Assert.Equal(Puts, heard.Distinct().Count());
            foreach (var call in stuck)
                Assert.Equal(heard, await RevisionsAsync(call, limit.Token));
        }
        finally
        {
            stuck.ForEach(static call => call.Dispose());
        }
    }

    private static Task WriteAsync(V3Client client, CancellationToken cancellation)
    {
        var value = new string('v', ValueBytes);
        return Parallel.ForEachAsync(
            Enumerable.Range(0, Puts), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation },
            async (n, canceled) => await client.PutAsync($"big/{n % Keys}", value, canceled));
    }

    private static GrpcChannel Connect(Uri server) => GrpcChannel.ForAddress(server, new GrpcChannelOptions { MaxReceiveMessageSize = null });

    private static async Task<AsyncDuplexStreamingCall<WatchRequest, WatchResponse>> WatchAsync(GrpcChannel channel, CancellationToken cancellation)
    {
        var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(s_watch, null, new CallOptions(cancellationToken: cancellation));
        await call.RequestStream.WriteAsync(
            new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("big/"), RangeEnd = ByteString.CopyFromUtf8("big0") } }, cancellation);
        Assert.True(await call.ResponseStream.MoveNext(cancellation));
        Assert.True(call.ResponseStream.Current.Created);
        return call;
    }

    // Of all events, until there are as many as were written.
    private static async Task<List<long>> RevisionsAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, CancellationToken cancellation)
    {
        var revisions = new List<long>();
        while (revisions.Count < Puts)
        {
            Assert.True(await call.ResponseStream.MoveNext(cancellation), "the stream ended");
            Assert.False(call.ResponseStream.Current.Canceled, call.ResponseStream.Current.CancelReason);
            revisions.AddRange(call.ResponseStream.Current.Events.Select(static one => one.Kv.ModRevision));
        }
        return revisions;
    }
}

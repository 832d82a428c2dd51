using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using ApiGateway.Host;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>
/// Goal: Maintenance.Snapshot sends a database as etcd does, never takes a part of one for the whole, and lets no client hold it up for ever. Method: a storage
/// that gives pieces as the test says, a real client.
/// </summary>
public sealed class SnapshotTests(SnapshotGateway gateway) : IClassFixture<SnapshotGateway>
{
    private const int BlobBytes = 32 * 1024;

    [Theory]
    [InlineData(BlobBytes)]
    [InlineData(BlobBytes + 4096)]
    [InlineData((3 * DatabasePiece.Length) + 8192)]
    public async Task Snapshot_Database_ComesInBlobsWithItsDigest(int bytes)
    {
        var database = RandomNumberGenerator.GetBytes(bytes);
        gateway.Cluster.Database = cancellation => Pieces(database, bytes, cancellation);
        var blobs = await ReadAllAsync();
        Assert.All(blobs[..^2], static blob => Assert.Equal(BlobBytes, blob.Blob.Length));
        Assert.Equal(database, blobs[..^1].SelectMany(static blob => blob.Blob));
        Assert.Equal(SHA256.HashData(database), blobs[^1].Blob);
        var sent = 0;
        foreach (var blob in blobs[..^1])
            Assert.Equal((ulong)(bytes - (sent += blob.Blob.Length)), blob.RemainingBytes);
        Assert.Equal(0UL, blobs[^1].RemainingBytes);
    }

    [Fact]
    public async Task Snapshot_OfALearner_IsServed()
    {
        gateway.Cluster.Database = cancellation => Pieces(new byte[4096], 4096, cancellation);
        gateway.Cluster.IsLearner = true;
        try
        {
            // Which also makes the gateway know it.
            var status = await gateway.Grpc.CallAsync<StatusRequest, StatusResponse>("etcdserverpb.Maintenance", "Status", new StatusRequest());
            Assert.True(status.IsLearner);
            Assert.Equal(2, (await ReadAllAsync()).Count);
        }
        finally
        {
            gateway.Cluster.IsLearner = false;
        }
    }

    [Fact]
    public async Task Snapshot_StorageEndsEarly_HasNoDigest()
    {
        var database = new byte[2 * DatabasePiece.Length];
        gateway.Cluster.Database = cancellation => Pieces(database, DatabasePiece.Length, cancellation);
        var blobs = new List<SnapshotResponse>();
        var failure = await Assert.ThrowsAsync<RpcException>(() => ReadAllAsync(blobs));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.All(blobs, static blob => Assert.Equal(BlobBytes, blob.Blob.Length));
    }

    [Fact]
    public async Task Snapshot_StorageAborts_IsUnavailable()
    {
        gateway.Cluster.Database = static _ => Aborted();
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => ReadAllAsync())).StatusCode);
    }

    [Fact]
    public async Task Snapshot_ClientTakesNothing_IsCutOff()
    {
        // More than the connection's buffers hold.
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Cluster.Database = cancellation => Endless(released, cancellation);
        using var call = Open();
        Assert.True(await call.ResponseStream.MoveNext(default));
        // The client reads no further, and does not leave: storage is let go all the same.
        await released.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Snapshot_ClientLeaves_StorageIsLetGo()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Cluster.Database = cancellation => Endless(released, cancellation);
        using (var call = Open())
            Assert.True(await call.ResponseStream.MoveNext(default));
        await released.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Snapshot_TooManyAtOnce_IsRefused()
    {
        var released = Enumerable.Range(0, SnapshotGateway.MaxSnapshots)
            .Select(static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var next = 0;
        gateway.Cluster.Database = cancellation => Endless(released[Interlocked.Increment(ref next) - 1], cancellation);
        var calls = released.Select(_ => Open()).ToList();
        foreach (var call in calls)
            Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => ReadAllAsync())).StatusCode);
        calls.ForEach(static call => call.Dispose());
        foreach (var one in released)
            await one.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private async Task<List<SnapshotResponse>> ReadAllAsync(List<SnapshotResponse>? into = null)
    {
        var blobs = into ?? [];
        using var call = Open();
        await foreach (var blob in call.ResponseStream.ReadAllAsync())
            blobs.Add(blob);
        return blobs;
    }

    private AsyncServerStreamingCall<SnapshotResponse> Open() => gateway.Grpc.AsyncServerStreamingCall(
        Proto.Method<SnapshotRequest, SnapshotResponse>("etcdserverpb.Maintenance", "Snapshot", MethodType.ServerStreaming),
        null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(60)), new SnapshotRequest());

    private static async IAsyncEnumerable<DatabasePiece> Pieces(byte[] database, int upTo, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var at = 0; at < upTo; at += DatabasePiece.Length)
        {
            await Task.Yield();
            cancellation.ThrowIfCancellationRequested();
            var end = Math.Min(database.Length, at + DatabasePiece.Length);
            yield return new DatabasePiece(database.Length - end, database.AsMemory(at, end - at));
        }
    }

    private static async IAsyncEnumerable<DatabasePiece> Aborted()
    {
        yield return new DatabasePiece(4096, new byte[4096]);
        await Task.Yield();
        throw new SnapshotAbortedException("the storage replica is stopping");
    }

    private static async IAsyncEnumerable<DatabasePiece> Endless(TaskCompletionSource released, [EnumeratorCancellation] CancellationToken cancellation)
    {
        try
        {
            for (long remaining = long.MaxValue / 2; !cancellation.IsCancellationRequested; remaining -= DatabasePiece.Length)
            {
                await Task.Yield();
                yield return new DatabasePiece(remaining, new byte[DatabasePiece.Length]);
            }
        }
        finally
        {
            released.TrySetResult();
        }
    }
}

/// <summary>A gateway with little patience for clients that stall; more than one needs that reads, where the machine is slow.</summary>
public sealed class SnapshotGateway : GatewayFixture
{
    public const int MaxSnapshots = 3;

    protected override GatewayOptions Options => new() { SnapshotStallLimit = TimeSpan.FromSeconds(2), MaxSnapshots = MaxSnapshots };
}

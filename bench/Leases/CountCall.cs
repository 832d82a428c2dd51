using Bench.Http2;
using Bench.Workloads;
using EtcdApi.Wire;

namespace Bench.Leases;

/// <summary>How many of the leased keys there are.</summary>
internal sealed class CountCall(Connection connection) : GrpcCall
{
    private const int Key = 1, RangeEnd = 2, CountOnly = 9, Count = 4;

    public bool IsDone { get; private set; } = true;

    public long Keys { get; private set; }

    /// <summary>"" when it was answered.</summary>
    public string Problem { get; private set; } = "";

    public void Start()
    {
        IsDone = false;
        Span<byte> request = stackalloc byte[64];
        Span<byte> end = stackalloc byte[LeasedPutRequests.Prefix.Length];
        LeasedPutRequests.Prefix.CopyTo(end);
        end[^1]++;
        var writer = new ProtoWriter(request);
        writer.Bytes(Key, LeasedPutRequests.Prefix);
        writer.Bytes(RangeEnd, end);
        writer.Varint(CountOnly, 1);
        connection.Start(this, GrpcMethod.Range, request[..writer.Written], isLast: true);
    }

    public override void OnMessage(ReadOnlySpan<byte> message) => Keys = Responses.Number(message, Count);

    public override void OnCompleted(int grpcStatus, string message) =>
        (IsDone, Problem) = (true, grpcStatus == 0 ? "" : $"count: status {grpcStatus}: {message}");
}

using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Compaction;

/// <summary>A physical compaction: answered once what it made unreadable is gone from the database.</summary>
internal sealed class CompactionCall(Connection connection) : GrpcCall
{
    private const int RevisionField = 1, PhysicalField = 2, MaxRequestBytes = 16;

    public bool IsDone { get; private set; }

    /// <summary>"" when it was carried out.</summary>
    public string Problem { get; private set; } = "";

    public void Start(long revision)
    {
        Span<byte> request = stackalloc byte[MaxRequestBytes];
        var writer = new ProtoWriter(request);
        writer.Varint(RevisionField, (ulong)revision);
        writer.Varint(PhysicalField, 1);
        connection.Start(this, GrpcMethod.Compact, request[..writer.Written], isLast: true);
    }

    public override void OnMessage(ReadOnlySpan<byte> message)
    {
        // The answer is a header, and that it comes is all that counts.
    }

    public override void OnCompleted(int grpcStatus, string message) =>
        (IsDone, Problem) = (true, grpcStatus == 0 ? "" : $"compaction: status {grpcStatus}: {message}");
}

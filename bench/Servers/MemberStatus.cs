using Bench.Http2;
using Bench.Workloads;

namespace Bench.Servers;

/// <summary>What one member says of itself and of its leader (etcd's <c>Maintenance/Status</c>).</summary>
/// <param name="Member">Its id.</param>
/// <param name="Leader">The id of the member that it takes for the leader; 0 when it knows none.</param>
internal sealed record MemberStatus(ulong Member, ulong Leader)
{
    private const int HeaderField = 1;
    private const int HeaderMemberField = 2;
    private const int LeaderField = 4;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public bool IsLeader => Leader != 0 && Leader == Member;

    /// <summary>Asks the member behind a client URL.</summary>
    public static MemberStatus Of(Uri endpoint)
    {
        using var loop = new EventLoop();
        var call = new Call();
        loop.Connect(endpoint).Start(call, GrpcMethod.Status, [], isLast: true);
        if (!loop.RunUntil(() => call.IsOver, Timeout))
            throw new BenchException($"{endpoint} did not answer Status within {Timeout.TotalSeconds} s");
        return call.Status ?? throw new BenchException($"{endpoint} refused Status: {call.Problem}");
    }

    private sealed class Call : GrpcCall
    {
        public bool IsOver { get; private set; }

        public MemberStatus? Status { get; private set; }

        public string Problem { get; private set; } = "";

        public override void OnMessage(ReadOnlySpan<byte> message) => Status = new MemberStatus(
            (ulong)Responses.Number(Responses.Bytes(message, HeaderField), HeaderMemberField), (ulong)Responses.Number(message, LeaderField));

        public override void OnCompleted(int grpcStatus, string message) =>
            (IsOver, Problem) = (true, $"status {grpcStatus}: {message}");
    }
}

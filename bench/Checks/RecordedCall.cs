using System.Text;
using Bench.Http2;

namespace Bench.Checks;

/// <summary>Keeps what a call received.</summary>
internal sealed class RecordedCall : GrpcCall
{
    public List<string> Messages { get; } = [];

    /// <summary>The final status; null while the call runs.</summary>
    public int? Status { get; private set; }

    public override void OnMessage(ReadOnlySpan<byte> message) => Messages.Add(Encoding.ASCII.GetString(message));

    public override void OnCompleted(int grpcStatus, string message) => Status = grpcStatus;
}

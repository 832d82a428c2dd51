using System.Diagnostics;
using Storage.Contracts;

namespace LeaseManager.Tests.Contract;

/// <summary>The envelope around what a lease manager proposes survives the log.</summary>
public class CommandEnvelopeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encode_ThenDecode_SameEnvelopeAndPayload(bool traced)
    {
        var trace = traced
            ? new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true)
            : default;
        var envelope = new CommandEnvelope(CommandKind.LeaseExpire, new SessionId(5), 7, 6, 1234, trace);
        Assert.True(CommandEnvelope.TryDecode(envelope.Encode([1, 2, 3]), out var decoded, out var payload));
        Assert.Equal(envelope, decoded);
        Assert.Equal(new byte[] { 1, 2, 3 }, payload.ToArray());
    }
}

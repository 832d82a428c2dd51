using System.Buffers.Binary;

namespace Bench.Workloads.Watching;

/// <summary>The start of each value: when the put was due to be sent, and its number on its key.</summary>
internal static class WatchPayload
{
    public const int Bytes = 16;

    public static void Write(Span<byte> value, long sentTicks, long putNumber)
    {
        BinaryPrimitives.WriteInt64LittleEndian(value, sentTicks);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], putNumber);
    }

    public static (long SentTicks, long PutNumber) Read(ReadOnlySpan<byte> value) =>
        (BinaryPrimitives.ReadInt64LittleEndian(value), BinaryPrimitives.ReadInt64LittleEndian(value[8..]));
}

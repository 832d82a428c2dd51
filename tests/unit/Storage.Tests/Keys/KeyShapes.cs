using System.Text;

namespace Storage.Tests.Keys;

/// <summary>Kinds of keys that lead to different leaves: dense, with long common beginnings, one the beginning of the next, very long.</summary>
public enum KeyShape
{
    Short,
    Paths,
    Nested,
    Long,
    Ascending,
}

internal static class KeyShapes
{
    public static byte[] Make(this KeyShape shape, Random random, int count) => shape.Of(random.Next(count));

    public static byte[] Of(this KeyShape shape, int number) => shape switch
    {
        KeyShape.Short => [(byte)(number >> 8), (byte)number],
        KeyShape.Paths => Encoding.ASCII.GetBytes($"/registry/kind-{number % 7}/namespace-{number % 31:D3}/name-{number:D8}"),
        KeyShape.Nested => [.. Enumerable.Repeat((byte)'a', 1 + (number % 400)), (byte)(number / 400)],
        KeyShape.Long => [(byte)number, .. new byte[number % 10 == 0 ? 40_000 + number : number % 3 == 0 ? 3_000 : 5], (byte)(number >> 8)],
        _ => BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(number)),
    };
}

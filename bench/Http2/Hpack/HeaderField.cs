using System.Buffers.Text;

namespace Bench.Http2.Hpack;

/// <summary>The response headers a gRPC client has to understand; all others are only skipped.</summary>
internal enum HeaderKind
{
    Other,
    HttpStatus,
    GrpcStatus,
    GrpcMessage,
}

/// <summary>A header as the tables hold it. What it means is worked out once, so an indexed trailer costs a lookup.</summary>
internal sealed class HeaderField(byte[] name, byte[] value)
{
    public byte[] Name { get; } = name;

    public byte[] Value { get; } = value;

    public HeaderKind Kind { get; } = KindOf(name);

    /// <summary>The value as a number, -1 when it is none.</summary>
    public int Number { get; } = NumberOf(value);

    /// <summary>Bytes charged against the dynamic table (RFC 7541 §4.1).</summary>
    public int TableBytes => Name.Length + Value.Length + 32;

    public static HeaderKind KindOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual(":status"u8) => HeaderKind.HttpStatus,
        _ when name.SequenceEqual("grpc-status"u8) => HeaderKind.GrpcStatus,
        _ when name.SequenceEqual("grpc-message"u8) => HeaderKind.GrpcMessage,
        _ => HeaderKind.Other,
    };

    public static int NumberOf(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out int number, out var used) && used == value.Length ? number : -1;
}

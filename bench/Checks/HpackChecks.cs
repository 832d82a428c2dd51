using System.Text;
using Bench.Http2;
using Bench.Http2.Hpack;

namespace Bench.Checks;

internal static class HpackChecks
{
    public static void HuffmanExample()
    {
        Span<byte> target = stackalloc byte[64];
        var length = HuffmanDecoder.Decode(Convert.FromHexString("f1e3c2e5f23a6ba0ab90f4ff"), target);
        SelfCheck.Equal("www.example.com", Encoding.ASCII.GetString(target[..Math.Max(length, 0)]), "text");
    }

    public static void WrongPaddingIsRefused() =>
        SelfCheck.Equal(-1, HuffmanDecoder.Decode(Convert.FromHexString("f1e3c2e5f23a6ba0ab90f4fe"), new byte[64]), "length");

    // RFC 7541 C.5 runs with a table of 256 bytes: the size update in front (3f e1 01) sets it.
    public static void ResponsesWithEviction() => ThreeResponses(
        "3fe101" + "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31");

    public static void HuffmanResponsesWithEviction() => ThreeResponses(
        "3fe101" + "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007");

    public static void MissingIndexIsRefused() =>
        SelfCheck.Throws<Http2Exception>(() => new HpackDecoder().Decode([0xbe]), "index 62 of an empty table");

    public static void GrpcTrailers()
    {
        var decoder = new HpackDecoder();
        byte[] literal = [0x40, 11, .. "grpc-status"u8, 1, (byte)'5', 0x00, 12, .. "grpc-message"u8, 4, .. "gone"u8];
        var first = decoder.Decode(literal);
        SelfCheck.Equal(5, first.GrpcStatus, "literal status");
        SelfCheck.Equal("gone", first.GrpcMessage, "literal message");
        SelfCheck.Equal(5, decoder.Decode([0xbe]).GrpcStatus, "indexed status");
    }

    public static void RequestHeadersAreIndexed()
    {
        var encoder = new RequestHeaders("127.0.0.1:2379", HpackDecoder.TableBytes);
        var decoder = new HpackDecoder();
        var block = new byte[RequestHeaders.MaxBytes];
        foreach (var method in GrpcMethod.All)
            decoder.Decode(block.AsSpan(0, encoder.Encode(method, block)));
        var length = encoder.Encode(GrpcMethod.Put, block);
        decoder.Decode(block.AsSpan(0, length));
        SelfCheck.Equal(8, length, "bytes of a repeated block");
        var literals = new RequestHeaders("127.0.0.1:2379", peerTableBytes: 0);
        literals.Encode(GrpcMethod.Put, block);
        SelfCheck.Equal((byte)0x20, block[0], "announcement of the empty table");
        new HpackDecoder().Decode(block.AsSpan(0, literals.Encode(GrpcMethod.Put, block)));
    }

    // Statuses of the three responses: 302, 307, 200; the second and third refer to entries that eviction has moved.
    private static void ThreeResponses(string first, string second, string third)
    {
        var decoder = new HpackDecoder();
        SelfCheck.Equal(302, decoder.Decode(Convert.FromHexString(first)).HttpStatus, "first status");
        SelfCheck.Equal(307, decoder.Decode(Convert.FromHexString(second)).HttpStatus, "second status");
        SelfCheck.Equal(200, decoder.Decode(Convert.FromHexString(third)).HttpStatus, "third status");
        // After the third response the table holds set-cookie, content-encoding and date, and nothing else.
        decoder.Decode([0xbe, 0xbf, 0xc0]);
        SelfCheck.Throws<Http2Exception>(() => decoder.Decode([0xc1]), "an evicted entry");
    }
}

using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace ApiGateway.Core.Contending;

/// <summary>
/// The keys of those who contend for a lock or an election: <c>name/&lt;lease in hex&gt;</c>, as etcd's servers and client libraries write them, so that all of them contend
/// with each other. Who has the lowest create revision below <c>name/</c> holds it (v3-semantics §8).
/// </summary>
public static class OwnerKey
{
    /// <summary>What all keys of a name begin with.</summary>
    public static ByteString Prefix(ByteString name) => Append(name, "/");

    /// <summary>The end of their range: the byte that follows the slash.</summary>
    public static ByteString RangeEnd(ByteString name) => Append(name, "0");

    /// <summary>The key of one contender.</summary>
    public static ByteString Of(ByteString name, long lease) => Append(name, "/" + Hex(lease));

    // Go prints a negative number as a sign and its magnitude, not as two's complement.
    private static string Hex(long lease) => lease < 0
        ? "-" + unchecked((ulong)-lease).ToString("x", CultureInfo.InvariantCulture)
        : lease.ToString("x", CultureInfo.InvariantCulture);

    private static ByteString Append(ByteString name, string text) => UnsafeByteOperations.UnsafeWrap((byte[])[.. name.Span, .. Encoding.ASCII.GetBytes(text)]);
}

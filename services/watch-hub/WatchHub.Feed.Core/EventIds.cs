using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WatchHub.Feed.Core;

/// <summary>Names of events that are the same whenever and wherever they are made.</summary>
public static class EventIds
{
    private const int KeyDigestBytes = 16;

    /// <summary>The source that events of a cluster have.</summary>
    public static string SourceOf(ulong cluster) => "/distributed/clusters/" + cluster.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>
    /// A key's change: a revision changes a key at most once, so both name it, whatever else a feed tells of. The key goes in as a digest, since ids should be short.
    /// </summary>
    public static string OfChange(long revision, ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, digest);
        return string.Create(CultureInfo.InvariantCulture, $"{revision}-{Convert.ToHexStringLower(digest[..KeyDigestBytes])}");
    }

    /// <summary>Source and id as the id of a message.</summary>
    public static Guid MessageId(string source, string id)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(source + "\n" + id), digest);
        // RFC 9562 §5.8: bits of a kind of our own.
        digest[6] = (byte)((digest[6] & 0x0f) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3f) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}

using System.Text;

namespace WatchHub.Feed.Core.Keys;

/// <summary>
/// What feeds keep in the store, below <c>/distributed/feed/</c>: for each feed <c>NAME/claim</c>, attached to the lease of the process that runs it, and <c>NAME/cursor</c>. No feed tells
/// of these keys, or it would tell of its own progress for ever.
/// </summary>
public static class ReservedKeys
{
    public const string Prefix = "/distributed/feed/";

    private static readonly byte[] s_prefix = Encoding.ASCII.GetBytes(Prefix);

    public static byte[] Claim(string feed) => Encoding.UTF8.GetBytes(Prefix + feed + "/claim");

    public static byte[] Cursor(string feed) => Encoding.UTF8.GetBytes(Prefix + feed + "/cursor");

    public static bool Contain(ReadOnlySpan<byte> key) => key.StartsWith(s_prefix);
}

namespace WatchHub.Feed.Core.Keys;

/// <summary>Keys of a prefix, as a watch takes them.</summary>
/// <param name="Key">The first.</param>
/// <param name="End">The first behind; one zero byte: there is no end.</param>
public readonly record struct KeyRange(byte[] Key, byte[] End)
{
    private static readonly byte[] s_zero = [0];

    /// <param name="prefix">Empty: all keys.</param>
    public static KeyRange OfPrefix(ReadOnlySpan<byte> prefix)
    {
        if (prefix.IsEmpty)
            return new(s_zero, s_zero);
        var end = prefix.TrimEnd(byte.MaxValue).ToArray();
        if (end.Length == 0)
            return new(prefix.ToArray(), s_zero);
        end[^1]++;
        return new(prefix.ToArray(), end);
    }
}

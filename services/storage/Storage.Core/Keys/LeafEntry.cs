namespace Storage.Core.Keys;

/// <summary>A key with its state on the way into a leaf. The key is in two pieces, since leaves hold what their keys begin with only once.</summary>
internal readonly record struct LeafEntry(
    ArraySegment<byte> Prefix, ArraySegment<byte> Suffix, KeyState State, long Lease, long[]? Older)
{
    public int KeyBytes => Prefix.Count + Suffix.Count;

    /// <summary>Bytes that both keys begin with.</summary>
    public static int CommonPrefix(in LeafEntry left, in LeafEntry right)
    {
        for (var common = 0; ;)
        {
            // Up to where the next piece of either begins.
            var (a, b) = (left.From(common), right.From(common));
            var compared = Math.Min(a.Count, b.Count);
            var same = a.AsSpan(0, compared).CommonPrefixLength(b);
            common += same;
            if (same < compared || compared == 0)
                return common;
        }
    }

    // What is left of the piece that the byte at a position lies in.
    private ArraySegment<byte> From(int position) => position < Prefix.Count ? Prefix[position..] : Suffix[(position - Prefix.Count)..];

    /// <summary>The shortest key above the one and not above the other, which is the higher.</summary>
    public static byte[] Separator(in LeafEntry below, in LeafEntry notBelow)
    {
        var separator = new byte[CommonPrefix(below, notBelow) + 1];
        notBelow.CopyKey(0, separator);
        return separator;
    }

    /// <summary>Copies a part of the key.</summary>
    public void CopyKey(int from, Span<byte> target)
    {
        if (from < Prefix.Count)
        {
            var part = Prefix.AsSpan(from, Math.Min(target.Length, Prefix.Count - from));
            part.CopyTo(target);
            target = target[part.Length..];
            from = Prefix.Count;
        }
        Suffix.AsSpan(from - Prefix.Count, target.Length).CopyTo(target);
    }
}

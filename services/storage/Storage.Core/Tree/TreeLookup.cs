using System.Runtime.CompilerServices;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Finds one key. Page sources are structs, so that each has code of its own without calls through an interface.</summary>
internal static class TreeLookup
{
    public static bool TryGet<TSource>(
        TSource source, long root, TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
        where TSource : struct, IPageSource
    {
        var isFound = TryFind(source, root, table, key, out var leaf, out var slot);
        value = isFound ? Value(source, leaf, slot, table) : default;
        return isFound;
    }

    /// <summary>As <see cref="TryGet"/>, for what was put as the head of the value; the value itself where there is none.</summary>
    public static bool TryGetHead<TSource>(
        TSource source, long root, TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head)
        where TSource : struct, IPageSource
    {
        var isFound = TryFind(source, root, table, key, out var leaf, out var slot);
        head = isFound ? Head(source, leaf, slot, table) : default;
        return isFound;
    }

    /// <summary>Whether a key is there; its value is not looked at.</summary>
    public static bool Contains<TSource>(TSource source, long root, TableId table, ReadOnlySpan<byte> key)
        where TSource : struct, IPageSource =>
        TryFind(source, root, table, key, out _, out _);

    public static ReadOnlySpan<byte> Value<TSource>(TSource source, ReadOnlySpan<byte> leaf, int slot, TableId table)
        where TSource : struct, IPageSource
    {
        var payload = NodePage.Payload(leaf, slot);
        if (!NodePage.IsOverflow(leaf, slot))
            return payload;
        var (page, valueBytes) = NodePage.OverflowReference(payload);
        return source.Overflow(page, valueBytes, table);
    }

    public static ReadOnlySpan<byte> Head<TSource>(TSource source, ReadOnlySpan<byte> leaf, int slot, TableId table)
        where TSource : struct, IPageSource
    {
        var payload = NodePage.Payload(leaf, slot);
        if (!NodePage.IsOverflow(leaf, slot))
            return payload;
        var head = NodePage.OverflowHead(payload);
        return head.IsEmpty ? Value(source, leaf, slot, table) : head;
    }

    // A call of its own would cost the most frequent read of all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFind<TSource>(
        TSource source, long root, TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> leaf, out int slot)
        where TSource : struct, IPageSource
    {
        leaf = default;
        slot = 0;
        if (root == 0)
            return false;
        leaf = FindLeaf(source, root, table, key, out var likely);
        slot = NodePage.Search(leaf, key, likely.Slot(NodePage.Count(leaf)), out var found);
        return found;
    }

    private static ReadOnlySpan<byte> FindLeaf<TSource>(
        TSource source, long root, TableId table, ReadOnlySpan<byte> key, out LikelyPlace likely)
        where TSource : struct, IPageSource
    {
        likely = new LikelyPlace(key);
        var page = source.Node(root, table);
        while (PageFormat.Level(page) > 0)
        {
            var slot = NodePage.ChildSlot(page, key, likely.Slot(NodePage.Count(page)));
            likely.Enter(page, slot);
            page = source.Node(NodePage.Child(page, slot), table);
            CacheLines.Fetch(likely.Cell(page));
        }
        return page;
    }
}

using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Finds one key.</summary>
internal static class TreeLookup
{
    public static bool TryGet<TSource>(
        TSource source, long root, TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
        where TSource : class, IPageSource
    {
        value = default;
        if (root == 0)
            return false;
        var page = source.Node(root, table);
        while (PageFormat.Level(page) > 0)
            page = source.Node(NodePage.Child(page, NodePage.ChildSlot(page, key)), table);
        var slot = NodePage.Search(page, key, out var found);
        if (found)
            value = Value(source, page, slot, table);
        return found;
    }

    public static ReadOnlySpan<byte> Value<TSource>(TSource source, ReadOnlySpan<byte> leaf, int slot, TableId table)
        where TSource : class, IPageSource
    {
        var payload = NodePage.Payload(leaf, slot);
        if (!NodePage.IsOverflow(leaf, slot))
            return payload;
        var (page, valueBytes) = NodePage.OverflowReference(payload);
        return source.Overflow(page, valueBytes, table);
    }
}

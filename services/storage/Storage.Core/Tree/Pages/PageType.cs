namespace Storage.Core.Tree.Pages;

/// <summary>What a page holds. Numbers are part of the file format; 0 is never written, so that a blank page is no page.</summary>
internal enum PageType : byte
{
    Meta = 1,
    Branch = 2,
    Leaf = 3,
    Overflow = 4,
    FreeMap = 5,
    FreeDirectory = 6,
}

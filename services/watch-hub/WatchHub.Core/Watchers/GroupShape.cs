using WatchHub.Contracts;

namespace WatchHub.Core.Watchers;

/// <summary>What, besides key and range end, tells groups apart.</summary>
[Flags]
internal enum GroupShape : byte
{
    None = 0,
    PreviousValue = 1,
    NoPut = 2,
    NoDelete = 4,
}

internal static class GroupShapes
{
    public static GroupShape Of(WatchSpec spec) =>
        (spec.PreviousValue ? GroupShape.PreviousValue : 0)
        | (spec.NoPut ? GroupShape.NoPut : 0)
        | (spec.NoDelete ? GroupShape.NoDelete : 0);
}

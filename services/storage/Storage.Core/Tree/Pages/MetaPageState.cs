namespace Storage.Core.Tree.Pages;

/// <summary>What one of the two meta pages turned out to be.</summary>
internal enum MetaPageState
{
    Valid,

    /// <summary>All zero.</summary>
    Blank,

    /// <summary>Ours, but not whole: a torn write or corruption.</summary>
    Damaged,

    /// <summary>Not ours.</summary>
    Foreign,

    /// <summary>Whole, of a later format version.</summary>
    Newer,

    /// <summary>Says it is of a later format version, but its checksum does not hold.</summary>
    NewerDamaged,
}

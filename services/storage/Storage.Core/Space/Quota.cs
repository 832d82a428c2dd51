namespace Storage.Core.Space;

/// <summary>
/// How many bytes a replica's data file may hold. Counted are the pages in use, not the length of the file: what deletes and compaction freed is space
/// again, without a defragmentation.
/// </summary>
/// <param name="Bytes">Writes that need space are refused from here on; <see cref="long.MaxValue"/>: never.</param>
public readonly record struct Quota(long Bytes)
{
    /// <summary>What the setting 0 means: larger than what etcd's users were used to live with, smaller than a disk of today.</summary>
    public const long DefaultBytes = 100L << 30;

    // A file that went over must get below by so much before its alarm is cleared: by a tenth, and by more than the largest request costs, or the next
    // one would raise it again. Of a small quota no more than a quarter.
    private const long LargestRequestBytes = 2L << 20;

    public static readonly Quota None = new(long.MaxValue);

    /// <summary>As of etcd's flag: 0 is the default, a negative number no quota.</summary>
    public static Quota OfSetting(long setting) => setting switch
    {
        < 0 => None,
        0 => new Quota(DefaultBytes),
        _ => new Quota(setting),
    };

    /// <summary>Whether a file with so many bytes in use is full.</summary>
    public bool IsExceededBy(long bytesInUse) => bytesInUse >= Bytes;

    /// <summary>Whether a file that was full has space again.</summary>
    public bool HasSpaceAgain(long bytesInUse) => bytesInUse < Bytes - Math.Min(Bytes / 4, (Bytes / 10) + LargestRequestBytes);

    /// <summary>What to do about the alarm of a replica with so many bytes in use.</summary>
    /// <param name="bytesInUse">Of its data file.</param>
    /// <param name="isRaised">Its NOSPACE alarm is raised, by whomever.</param>
    /// <param name="isAutomatic">It was raised by itself.</param>
    public SpaceChange Decide(long bytesInUse, bool isRaised, bool isAutomatic) =>
        !isRaised && IsExceededBy(bytesInUse) ? SpaceChange.Raise
        : isAutomatic && HasSpaceAgain(bytesInUse) ? SpaceChange.Clear
        : SpaceChange.None;
}

/// <summary>What a replica proposes about its NOSPACE alarm.</summary>
public enum SpaceChange
{
    None,
    Raise,
    Clear,
}

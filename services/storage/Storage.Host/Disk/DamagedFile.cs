using Storage.Core.Mvcc;
using Storage.Core.Tree;

namespace Storage.Host.Disk;

/// <summary>
/// What happens to a data file that is not what was written: it is kept under another name, so that a new one can take its place. One is kept, the last.
/// </summary>
internal static class DamagedFile
{
    private const string KeptSuffix = ".damaged";
    private const string SuspectSuffix = ".suspect";

    // A file can have a finding for each of its pages.
    private const int MaxFindingsToTell = 10;

    /// <summary>Where the last damaged file of a directory is kept.</summary>
    public static string KeptPath(string directory) => Path.Combine(directory, StorageData.FileName + KeptSuffix);

    /// <summary>Whether opening a file or reading from it failed because it is damaged; not because it is foreign or newer.</summary>
    public static bool IsDamage(Exception exception) => exception is PageCorruptException or DataFileException { IsDamage: true };

    /// <summary>Gives the data file its other name, in one step.</summary>
    public static void SetAside(string directory)
    {
        File.Move(Path.Combine(directory, StorageData.FileName), KeptPath(directory), overwrite: true);
        MmapPageDevice.SyncDirectory(directory);
    }

    /// <summary>
    /// Damage showed while the file was in use. Not every page is read at a start, so the next one would not see it: it looks at the whole file when it
    /// finds this note.
    /// </summary>
    public static void NoteSuspicion(string directory, string what)
    {
        File.WriteAllText(SuspectPath(directory), what + "\n");
        MmapPageDevice.SyncDirectory(directory);
    }

    /// <summary>Whether there is such a note.</summary>
    public static bool IsSuspect(string directory) => File.Exists(SuspectPath(directory));

    /// <summary>What is wrong with a file that is under suspicion, as far as it is worth telling; empty when it is not, or nothing is wrong.</summary>
    public static IReadOnlyList<string> Investigate(string directory)
    {
        var path = Path.Combine(directory, StorageData.FileName);
        if (!IsSuspect(directory) || !File.Exists(path))
            return [];
        using var device = MmapPageDevice.Open(path);
        try
        {
            return [.. TreeCheck.Run(device, RevisionHeads.Check).Where(static finding => finding.IsDamage).Take(MaxFindingsToTell).Select(static finding => finding.ToString())];
        }
        catch (DataFileException exception) when (exception.IsDamage)
        {
            return [exception.Message];
        }
    }

    /// <summary>The file was looked at.</summary>
    public static void EndSuspicion(string directory)
    {
        // Before the first start there is not even a directory.
        if (File.Exists(SuspectPath(directory)))
            File.Delete(SuspectPath(directory));
    }

    private static string SuspectPath(string directory) => Path.Combine(directory, StorageData.FileName + SuspectSuffix);
}

using Microsoft.Extensions.Logging;
using Storage.Host.Disk;

namespace Storage.Host;

/// <summary>
/// Opens a replica on its data file. A damaged one (I11) is set aside, and the replica begins with an empty file: the log brings the state back, if it still
/// begins at its first entry, or a peer does. Where neither can, the replica stops and says how to restore.
/// </summary>
internal static class StorageStart
{
    /// <param name="directory">Of the data file.</param>
    /// <param name="open">Opens the data file of a directory, or makes it.</param>
    /// <param name="build">Rebuilds the state from it; fails when it meets a damaged page.</param>
    /// <param name="logger">Where it tells what it found and did.</param>
    /// <exception cref="Core.Tree.DataFileException">The file is not ours or of a newer version: it stays as it is.</exception>
    public static StorageService Open(string directory, Func<string, StorageData> open, Func<StorageData, StorageService> build, ILogger logger)
    {
        if (DamagedFile.Investigate(directory) is { Count: > 0 } findings)
        {
            foreach (var finding in findings)
                StorageLog.DamageFound(logger, finding);
            SetAside(directory, logger);
        }
        DamagedFile.EndSuspicion(directory);
        try
        {
            return Build(directory, open, build);
        }
        catch (Exception exception) when (DamagedFile.IsDamage(exception))
        {
            StorageLog.DamageFound(logger, exception.Message);
            SetAside(directory, logger);
        }
        return Build(directory, open, build);
    }

    private static void SetAside(string directory, ILogger logger)
    {
        DamagedFile.SetAside(directory);
        StorageLog.DamageSetAside(logger, DamagedFile.KeptPath(directory));
    }

    private static StorageService Build(string directory, Func<string, StorageData> open, Func<StorageData, StorageService> build)
    {
        var data = open(directory);
        try
        {
            return build(data);
        }
        catch
        {
            // Nobody else has seen it, so no reader is waited for.
            data.Owned?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }
}

using Consensus.Host;
using Consensus.Host.Service;
using Storage.Core.Database;
using Storage.Host.Restore;

namespace Standalone.Snapshots;

/// <summary>Where a restore puts what it makes: the folders of a standalone member, or those of services that are processes of their own.</summary>
/// <param name="DataDir">Of a standalone member; null: the services' own are given.</param>
/// <param name="ConsensusDir">For the log; null: none is made.</param>
/// <param name="StorageDir">For the state; null: none is made.</param>
internal sealed record RestoreTargets(string? DataDir, string? ConsensusDir, string? StorageDir)
{
    /// <summary>For log lines.</summary>
    public string Shown => string.Join(',', Given);

    private IEnumerable<string> Given => DataDir is not null ? [DataDir] : new[] { ConsensusDir, StorageDir }.OfType<string>();

    /// <exception cref="CommandRefusedException">None is given, or both kinds.</exception>
    public static RestoreTargets Of(CommandArguments arguments)
    {
        var (data, consensus, storage) = (Given("data-dir"), Given("consensus-dir"), Given("storage-dir"));
        if (data is null && consensus is null && storage is null)
            throw CommandRefusedException.Usage("required flag(s) \"data-dir\" not set");
        if (data is null)
            return new RestoreTargets(null, consensus, storage);
        if (consensus is not null || storage is not null)
            throw CommandRefusedException.Arguments("--data-dir is for a standalone member, --consensus-dir and --storage-dir are for processes of their own");
        return new RestoreTargets(data, Member.MemberOptions.ConsensusDirOf(data), Member.MemberOptions.StorageDirOf(data));

        string? Given(string flag) => arguments.Text(flag) is { Length: > 0 } path ? path : null;
    }

    /// <exception cref="CommandRefusedException">Something is there already.</exception>
    public void RequireEmpty()
    {
        foreach (var path in Given)
        {
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw CommandRefusedException.Failure($"data-dir \"{path}\" not empty or could not be read");
        }
    }

    /// <summary>Fills them. What fails leaves them as empty as they were.</summary>
    /// <returns>The restored state; default when only a log was made.</returns>
    public async Task<RestoredState> FillAsync(ConsensusOptions member, SnapshotFile file, RestoreOptions options)
    {
        var wereThere = Given.Where(Directory.Exists).ToHashSet();
        try
        {
            if (DataDir is not null)
                Member.DataDirectory.Prepare(DataDir);
            // The log first: it begins after the state, so that a member never starts on it alone as if it were new.
            if (ConsensusDir is not null)
                RestoredLog.Create(member with { DataDirectory = ConsensusDir });
            return StorageDir is null ? default : await DatabaseRestore.IntoAsync(StorageDir, file, options).ConfigureAwait(false);
        }
        catch
        {
            foreach (var path in Given.Where(Directory.Exists))
                Clear(path, keep: wereThere.Contains(path));
            throw;
        }
    }

    private static void Clear(string path, bool keep)
    {
        if (!keep)
        {
            Directory.Delete(path, recursive: true);
            return;
        }
        // It was empty: everything in it is ours.
        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo folder)
                folder.Delete(recursive: true);
            else
                entry.Delete();
        }
    }
}

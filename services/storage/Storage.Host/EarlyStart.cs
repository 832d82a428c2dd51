using Storage.Core.State;
using Storage.Host.Disk;
using Storage.Host.Service;

namespace Storage.Host;

/// <summary>
/// Opens a data file and rebuilds the state from it on a thread of its own, while the rest of a process starts: on a large store that takes longest, and needs nothing of the others.
/// Dispose closes what was not taken.
/// </summary>
public sealed class EarlyStart : IDisposable
{
    private readonly string _directory;
    private Task<StorageData>? _opening;

    private EarlyStart(string directory, Task<StorageData>? opening) => (_directory, _opening) = (directory, opening);

    /// <summary>Begins, if there is a data file. Not with one under suspicion, which is looked at as a whole before it is opened.</summary>
    /// <param name="directory">Of the data file.</param>
    /// <param name="options">Those that the replica will have.</param>
    public static EarlyStart Begin(string directory, StateMachineOptions options) => new(
        directory,
        File.Exists(Path.Combine(directory, StorageData.FileName)) && !DamagedFile.IsSuspect(directory)
            ? Task.Factory.StartNew(() => Rebuild(directory, options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : null);

    /// <summary>As <see cref="StorageData.Open"/>; the first call for the directory waits for what was begun, and fails as that did.</summary>
    public StorageData Open(string directory) =>
        directory == _directory && Interlocked.Exchange(ref _opening, null) is { } opening
            ? opening.GetAwaiter().GetResult()
            : StorageData.Open(directory);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _opening, null) is { } opening)
            _ = CloseAsync(opening);
    }

    private static StorageData Rebuild(string directory, StateMachineOptions options)
    {
        var data = StorageData.Open(directory);
        try
        {
            return data with { Rebuilt = StorageService.Rebuild(data, options) };
        }
        catch
        {
            data.Owned?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    // Not waited for: the process is about to end, and has said why.
    private static async Task CloseAsync(Task<StorageData> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully && (await opening.ConfigureAwait(false)).Owned is { } owned)
            await owned.DisposeAsync().ConfigureAwait(false);
    }
}

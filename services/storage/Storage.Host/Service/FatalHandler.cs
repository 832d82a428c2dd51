using Microsoft.Extensions.Logging;
using Storage.Core.Reads;
using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// The end of the line for errors after which a replica must not go on: a failed tree commit, a corrupt page, an entry that could not be
/// applied. Logs once and stops the process (in tests: whatever the test gave).
/// </summary>
/// <param name="logger">Where it says so.</param>
/// <param name="stop">Ends the process.</param>
/// <param name="noteSuspicion">Leaves word for the next start when a page was corrupt; null: nowhere to.</param>
internal sealed class FatalHandler(ILogger logger, Action<string, Exception> stop, Action<string>? noteSuspicion = null)
{
    private int _happened;

    public bool HasHappened => Volatile.Read(ref _happened) != 0;

    public void Stop(string what, Exception exception)
    {
        if (Interlocked.Exchange(ref _happened, 1) != 0)
            return;
        StorageLog.Fatal(logger, exception, what);
        if (exception is PageCorruptException or RecordLostException)
            NoteSuspicion(exception);
        stop(what, exception);
    }

    private void NoteSuspicion(Exception exception)
    {
        try
        {
            noteSuspicion?.Invoke(exception.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            StorageLog.SuspicionNotNoted(logger, failure);
        }
    }

    /// <summary>
    /// For exception filters: only looks. Corruption is never served, and stops the process (I11); the caller gets the exception as it is.
    /// </summary>
    public bool ObserveCorruption(Exception exception)
    {
        if (exception is PageCorruptException or RecordLostException)
            Stop("stored data is corrupt", exception);
        return false;
    }
}

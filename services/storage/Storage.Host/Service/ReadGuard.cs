using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// Around every read of the published state: one whose data file was replaced under it starts again on the new one, and corruption stops the process.
/// </summary>
internal sealed class ReadGuard(FatalHandler fatal, CancellationToken stopping)
{
    public T Run<TArguments, T>(TArguments arguments, Func<TArguments, T> read)
    {
        while (true)
        {
            try
            {
                return read(arguments);
            }
            catch (TreeClosedException) when (!stopping.IsCancellationRequested)
            {
                // A new state is published before the old file is closed, so the next turn finds that one.
            }
            catch (Exception exception) when (fatal.ObserveCorruption(exception))
            {
                throw;
            }
        }
    }
}

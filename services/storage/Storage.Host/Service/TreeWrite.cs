using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>Carries out a tree commit on a thread of its own: it blocks on the disk, and the pool's threads have requests to serve.</summary>
internal static class TreeWrite
{
    public static Task RunAsync(ITreeCommit commit, IPageDevice device) => Task.Factory.StartNew(
        () => commit.WriteTo(device), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Host.Disk;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>Goal: what was opened early is what a start would have opened, once, and is left alone where a start has to look first. Method: a data file with one commit.</summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class EarlyStartTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly StateMachineOptions s_options = new();

    private readonly TemporaryDirectory _directory = new();

    public async Task InitializeAsync()
    {
        var data = StorageData.Open(_directory.Path);
        var commit = StateMachine.Open(data.Tree, s_options).BeginCommit()!;
        commit.Commit.WriteTo(data.Device);
        await data.Owned!.DisposeAsync();
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Open_Begun_GivesTheStateOnce()
    {
        using var early = EarlyStart.Begin(_directory.Path, s_options);
        var data = early.Open(_directory.Path);
        Assert.Equal(s_options, data.Rebuilt!.Options);
        Assert.Throws<IOException>(() => early.Open(_directory.Path));
        await data.Owned!.DisposeAsync();
        data = early.Open(_directory.Path);
        Assert.Null(data.Rebuilt);
        await data.Owned!.DisposeAsync();
    }

    [Fact]
    public async Task Open_NothingThereOrUnderSuspicion_OpensAsEver()
    {
        var other = Path.Combine(_directory.Path, "other");
        using (var early = EarlyStart.Begin(other, s_options))
        {
            Assert.False(Directory.Exists(other));
            await early.Open(other).Owned!.DisposeAsync();
        }
        DamagedFile.NoteSuspicion(_directory.Path, "a test");
        using (var early = EarlyStart.Begin(_directory.Path, s_options))
        {
            // Not open: the start proper reads it as a whole.
            Assert.Empty(DamagedFile.Investigate(_directory.Path));
            var data = early.Open(_directory.Path);
            Assert.Null(data.Rebuilt);
            await data.Owned!.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_DamagedFile_FailsAsItDoesLateAndLeavesItClosed()
    {
        await File.WriteAllBytesAsync(Path.Combine(_directory.Path, StorageData.FileName), [.. Enumerable.Repeat((byte)1, 64 * 1024)]);
        using var early = EarlyStart.Begin(_directory.Path, s_options);
        Assert.Throws<DataFileException>(() => early.Open(_directory.Path));
        Assert.Throws<DataFileException>(() => early.Open(_directory.Path));
    }
}

namespace Consensus.Tests.Wal;

/// <summary>
/// A crash at every operation of the disk, with random loss of what was not synced: create, append, cut, reset and drop each leave the log as it was
/// or as it is to be, and nothing acknowledged is ever lost (I1, I11).
/// </summary>
public sealed class WriteAheadLogCrashTests
{
    private const int Steps = 30;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_CrashAtAnyOperation_FindsTheOldLogOrTheNew(bool losesPower)
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var whole = new CrashScript(seed, losesPower);
            whole.Run(Steps, long.MaxValue);
            for (var at = 1; at <= whole.Disk.Operations; at++)
            {
                var script = new CrashScript(seed, losesPower);
                script.Run(Steps + 10, at);
                Assert.True(script.Crashes > 0);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_DiskFailsAtAnyOperation_FindsTheOldLogOrTheNew(bool losesPower)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var whole = new CrashScript(seed, losesPower);
            whole.Run(Steps, long.MaxValue);
            for (var at = 1; at <= whole.Disk.Operations; at++)
                new CrashScript(seed, losesPower).Run(Steps + 10, at, fails: true);
        }
    }

    [Fact]
    public void Open_SyncsThatLie_AreFoundOut()
    {
        // The other tests prove something only if a disk that does not sync makes them fail.
        var found = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var script = new CrashScript(seed, losesPower: true);
            script.Disk.SyncsAreLies = true;
            if (Record.Exception(() => script.Run(Steps, 40)) is not null)
                found++;
        }
        Assert.True(found > 5, $"{found} of 20");
    }
}

namespace EndToEnd.Tests.Settings;

/// <summary>Goal: a service with mistakes in its settings names each of them, and touches nothing. Method: the built programs with some.</summary>
public sealed class SettingsMistakeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_WithSeveralMistakes_NamesEachOnALineAndEndsWith1()
    {
        var data = Path.Combine(_folder.Path, "data");
        await using var process = ChildProcess.Start(
            "dotnet",
            [
                Repository.Assembly("Storage.Host"), "--Storage:DataDir", data, "--Storage:QuotaBackendBytes", "lots", "--Storage:CorruptCheckTme", "5m", "--LogLevel", "loud",
            ],
            new Dictionary<string, string?> { ["Storage__WarningApplyDuration"] = "100", ["OTEL_TRACES_SAMPLER_ARG"] = "7" }, _folder.Path);
        Assert.Equal(1, await process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(
            [
                "LogLevel must be debug or info or warn or error or dpanic or panic or fatal, not \"loud\"",
                "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not \"7\"",
                "Services:Consensus is not set (where Consensus is: http://host:port, several between commas, or dns:///host:port)",
                "Storage:QuotaBackendBytes must be a whole number, not \"lots\"",
                "Storage:WarningApplyDuration must be a duration such as 1h30m or 1.5s, not \"100\"",
                "Storage:CorruptCheckTme is no setting: did you mean Storage:CorruptCheckTime?",
            ],
            process.Err.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(data), "it has opened its data already");
    }
}

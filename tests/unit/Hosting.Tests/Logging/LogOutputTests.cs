using System.IO.Compression;
using System.Text;
using EndToEnd.Tests.Tools;
using Hosting.Logging;

namespace Hosting.Tests.Logging;

/// <summary>Goal: log lines go where <c>--log-outputs</c> says, and a log file stays as small as it was told to.</summary>
public sealed class LogOutputTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_SeveralFiles_EachGetsEveryLine()
    {
        File.WriteAllText(_folder.Sub("a"), "before\n");
        using (var output = LogOutput.Open([_folder.Sub("a"), _folder.Sub("b"), _folder.Sub("a")], null, TimeProvider.System))
            output.Write("line\n"u8);
        Assert.Equal(("before\nline\n", "line\n"), (File.ReadAllText(_folder.Sub("a")), File.ReadAllText(_folder.Sub("b"))));
    }

    [Theory]
    [InlineData("multi logoutput for \"default\" is not supported yet", null, "default", "stdout")]
    [InlineData("open sink \"/nope/x\": open /nope/x: no such file or directory", null, "/nope/x")]
    [InlineData("--log-outputs requires a single file path when --log-rotate-config-json is defined", "{}", "default")]
    [InlineData("--log-outputs requires a single file path when --log-rotate-config-json is defined", "{}", "/a", "/b")]
    public void Open_WhatEtcdRefuses_IsRefusedInItsWords(string text, string? rotation, params string[] outputs) =>
        Assert.Equal(text, Assert.Throws<ConfigurationException>(() => LogOutput.Open(outputs, rotation, TimeProvider.System)).Message);

    [Fact]
    public void Open_RotationThatIsNoJson_IsRefused() =>
        Assert.StartsWith(
            "invalid log rotation config: ",
            Assert.Throws<ConfigurationException>(() => LogOutput.Open([_folder.Sub("a")], "{\"maxsize\":\"a\"}", TimeProvider.System)).Message, StringComparison.Ordinal);

    [Fact]
    public void Write_FullFile_IsBegunAnewAndOldOnesGo()
    {
        var time = new Clock();
        var line = Encoding.ASCII.GetBytes(new string('x', 700_000) + "\n");
        File.WriteAllText(_folder.Sub("etcd-other.log"), "not ours");
        using (var output = LogOutput.Open([_folder.Sub("etcd.log")], """{"maxsize": 1, "maxbackups": 2, "compress": true}""", time))
        {
            for (var n = 0; n < 5; n++)
            {
                output.Write(line);
                time.Now = time.Now.AddSeconds(1);
            }
        }
        Assert.Equal(
            ["etcd-2026-01-02T03-04-08.000.log.gz", "etcd-2026-01-02T03-04-09.000.log.gz", "etcd-other.log", "etcd.log"],
            Directory.EnumerateFiles(_folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        Assert.Equal(line.Length, new FileInfo(_folder.Sub("etcd.log")).Length);
        using var unpacked = new GZipStream(File.OpenRead(_folder.Sub("etcd-2026-01-02T03-04-09.000.log.gz")), CompressionMode.Decompress);
        using var old = new MemoryStream();
        unpacked.CopyTo(old);
        Assert.Equal(line, old.ToArray());
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

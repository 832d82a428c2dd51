using System.Diagnostics;

namespace Storage.Tests.Harness;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("storage-tests-");

    public string Path => _directory.FullName;

    /// <summary>What a crash at this moment would leave: every file as it is, whoever has it open.</summary>
    public TemporaryDirectory Copy()
    {
        var copy = new TemporaryDirectory();
        // A program of its own: within .NET, opening a file that another handle has locked fails.
        using var program = Process.Start("cp", ["-r", $"{Path}/.", copy.Path]);
        program.WaitForExit();
        Assert.Equal(0, program.ExitCode);
        return copy;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}

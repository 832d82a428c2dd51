using System.Text.Json;

namespace Hosting.Logging;

/// <summary>Where log lines go: etcd's <c>--log-outputs</c>, <c>--enable-log-rotation</c> and <c>--log-rotation-config-json</c>.</summary>
public static class LogOutput
{
    /// <summary>Opens the outputs; each line goes to all of them.</summary>
    /// <param name="outputs">"default" or "stderr", "stdout", "systemd/journal" (standard error, which is what collects it), or paths of files that are appended to.</param>
    /// <param name="rotation">As JSON, of the one file among the outputs; null: it grows.</param>
    /// <param name="time">For the names of what was rotated out.</param>
    /// <exception cref="ConfigurationException">They cannot be opened; in etcd's words.</exception>
    public static Stream Open(IReadOnlyList<string> outputs, string? rotation, TimeProvider time)
    {
        if (outputs.Count > 1 && outputs.Contains("default"))
            throw new ConfigurationException("multi logoutput for \"default\" is not supported yet");
        if (rotation is not null)
            return OpenRotating(outputs, rotation, time);
        Stream[] streams = [.. outputs.Distinct().Select(OpenOne)];
        return streams.Length == 1 ? streams[0] : new SplitStream(streams);
    }

    private static Stream OpenOne(string output) => output switch
    {
        "default" or "stderr" or "systemd/journal" => Console.OpenStandardError(),
        "stdout" => Console.OpenStandardOutput(),
        _ => OpenFile(output),
    };

    private static FileStream OpenFile(string path)
    {
        try
        {
            // Unbuffered: each line is whole in the file when it has been written.
            return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"open sink \"{path}\": open {path}: no such file or directory");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"open sink \"{path}\": open {path}: {(error is UnauthorizedAccessException ? "permission denied" : error.Message)}");
        }
    }

    private static RotatingFile OpenRotating(IReadOnlyList<string> outputs, string json, TimeProvider time)
    {
        string[] paths = [.. outputs.Where(static output => output is not ("default" or "stderr" or "stdout" or "systemd/journal"))];
        if (outputs.Count != 1 || paths.Length != 1)
            throw new ConfigurationException("--log-outputs requires a single file path when --log-rotate-config-json is defined");
        try
        {
            var settings = JsonSerializer.Deserialize(json, RotationJson.Default.RotationSettings) ?? new RotationSettings();
            return new RotatingFile(paths[0], settings, () => OpenFile(paths[0]), time);
        }
        catch (JsonException invalid)
        {
            throw new ConfigurationException($"invalid log rotation config: {invalid.Message}");
        }
    }
}

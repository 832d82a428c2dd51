namespace Hosting.Files;

/// <summary>Reads whole files, with what can go wrong in the words that etcd has for it.</summary>
public static class FileErrors
{
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"open {path}: no such file or directory");
        }
        catch (UnauthorizedAccessException)
        {
            throw new ConfigurationException(Directory.Exists(path) ? $"read {path}: is a directory" : $"open {path}: permission denied");
        }
        catch (IOException error)
        {
            throw new ConfigurationException($"read {path}: {error.Message}");
        }
    }
}

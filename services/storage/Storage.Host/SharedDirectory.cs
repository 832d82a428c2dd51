using Storage.Host.Disk;

namespace Storage.Host;

/// <summary>
/// A directory that several replicas share, such as a volume of all containers of a service. The first lives in it, each further one in a folder of its own
/// there: whoever starts takes the first place that nobody has open, with the data that its last holder left.
/// </summary>
/// <remarks>A place's name, not a container's, is what consensus hears of: it comes back, and there are only so many.</remarks>
internal static class SharedDirectory
{
    /// <summary>Opens the first free place.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">Name of the replica in the first place; the others get a number behind it.</param>
    /// <param name="places">How many replicas may share it: 1 or more.</param>
    /// <param name="open">Opens the data file of a directory for the replica of a name.</param>
    /// <exception cref="IOException">All places are taken, or one cannot be opened.</exception>
    public static T Take<T>(string directory, string name, int places, Func<string, string, T> open)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(places, 1);
        for (var place = 0; ; place++)
        {
            try
            {
                return place == 0
                    ? open(directory, name)
                    : open(Path.Combine(directory, $"replica-{place}"), $"{name}-{place}");
            }
            catch (IOException exception) when (exception.HResult == LibC.TryAgain && places > 1)
            {
                // Another process has it open.
                if (place + 1 == places)
                    throw new IOException($"all {places} places in {directory} are taken by running replicas", exception);
            }
        }
    }
}

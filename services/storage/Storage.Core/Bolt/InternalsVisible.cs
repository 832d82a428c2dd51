using System.Runtime.CompilerServices;

// The tests of the file format write files of any content, and spoil them.
[assembly: InternalsVisibleTo("Storage.Tests")]

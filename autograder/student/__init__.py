"""The student's side: what runs inside the sandbox. It imports the wire, and nothing else of the autograder.

    forkserver   one per environment, inside bubblewrap; imports the course's libraries once, runs no student code
      └ supervisor   one per submission; forked, then enters namespaces of its own; runs no student code; watches memory
          └ notebook process   pid 1 of its namespace, confined; runs the notebook's cells: untrusted from here on
              └ exercise process   a fork of it, one per exercise; answers the judge's calls

The judge imports ``answer`` too, to run its own reference solutions and variants behind the same calls.
"""

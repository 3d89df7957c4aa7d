// Imported before anything else: graphql checks every object it meets twice as long as this is not set.
process.env.NODE_ENV ??= 'production';

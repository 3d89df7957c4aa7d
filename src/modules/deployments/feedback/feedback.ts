/** What became of a prediction: the class that was right, or what the answer was worth. One of them is given. */
export interface FeedbackContent {
  readonly label: string | null;
  readonly reward: number | null;
}

export interface Feedback extends FeedbackContent {
  readonly predictionId: string;
  readonly workspaceId: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}
